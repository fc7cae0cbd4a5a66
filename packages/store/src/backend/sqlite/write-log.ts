import type { DatabaseSync } from 'node:sqlite';

/** From about this many bytes on, the write-ahead log is folded into the file, between two batches. */
export const FOLD_AT_BYTES = 32 * 1024 * 1024;

/**
 * When to copy the write-ahead log into its file, so that it is used again from its beginning and stays short.
 *
 * SQLite would do it in the commit that finds the log long, which holds that batch up; and the log's length on disk tells nothing,
 * because it does not shrink. So the bytes that go in are counted here, roughly.
 */
export class WriteLog {
  readonly #database: DatabaseSync;
  #bytes = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  wrote(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Passive: a reader is not waited for; what it keeps from being copied follows the next time. */
  foldWhenLong(): void {
    if (this.#bytes < FOLD_AT_BYTES) return;
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    this.#bytes = 0;
  }
}
