import type { Backend } from './backend/backend.ts';
import { MemoryBackend } from './backend/memory/memory-backend.ts';
import type { KeepingEvent, KeepingOptions } from './backend/sqlite/closing/day-keeping.ts';
import { SqliteBackend } from './backend/sqlite/sqlite-backend.ts';

export const BACKENDS = ['sqlite', 'memory'] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface BackendOptions extends Partial<KeepingOptions> {
  readonly backend: BackendName;
  /** The data directory, for back ends that have one. */
  readonly directory: string;
  /** How much quarantine is kept; the oldest goes. */
  readonly quarantineBytes?: number;
  /** Of back ends that close and remove days: what they did. */
  readonly onKept?: (event: KeepingEvent) => void;
}

/** @throws {StoreError} */
export async function openBackend({ backend, ...options }: BackendOptions): Promise<Backend> {
  switch (backend) {
    case 'sqlite':
      return SqliteBackend.open(options);
    case 'memory':
      return new MemoryBackend(options);
  }
}
