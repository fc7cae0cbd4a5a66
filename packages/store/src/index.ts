export { ARCHIVER_DEFAULTS, type ArchiverOptions } from './archiver/archiver-options.ts';
export { Archiver, type ArchiverParts } from './archiver/archiver.ts';
export type * from './backend/backend.ts';
export { MemoryBackend, type MemoryOptions } from './backend/memory/memory-backend.ts';
export { SqliteBackend, type SqliteOptions } from './backend/sqlite/sqlite-backend.ts';
export type * from './backend/stored-sample.ts';
export { QUARANTINE_REASONS, type WriteBatch } from './backend/write-batch.ts';
export { StoreError, STORE_ERROR_CODES, type StoreErrorCode } from './errors.ts';
export { startStore, type StoreDaemonOptions } from './store-daemon.ts';
