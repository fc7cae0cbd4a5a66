import type { Backend } from './backend/backend.ts';
import type { CassandraBackendOptions } from './backend/cassandra/cassandra-backend.ts';
import { MemoryBackend } from './backend/memory/memory-backend.ts';
import type { KeepingEvent, KeepingOptions } from './backend/sqlite/closing/day-keeping.ts';
import { SqliteBackend } from './backend/sqlite/sqlite-backend.ts';

export const BACKENDS = ['sqlite', 'cassandra', 'memory'] as const;
export type BackendName = (typeof BACKENDS)[number];

export interface BackendOptions extends Partial<KeepingOptions> {
  readonly backend: BackendName;
  /** The data directory; of `cassandra`, where a store knows itself again by (STORAGE.md, "Several stores"). */
  readonly directory: string;
  /** How `cassandra` is reached, and how samples lie there. */
  readonly cassandra?: CassandraBackendOptions | undefined;
  /** How much quarantine is kept; the oldest goes. */
  readonly quarantineBytes?: number;
  /** Of back ends that close and remove days: what they did. */
  readonly onKept?: (event: KeepingEvent) => void;
}

/** @throws {StoreError} @throws {RangeError} naming the option that is wrong */
export async function openBackend({ backend, cassandra, ...options }: BackendOptions): Promise<Backend> {
  switch (backend) {
    case 'sqlite':
      return SqliteBackend.open(options);
    case 'cassandra': {
      if (cassandra === undefined) throw new RangeError('cassandra: say how it is reached');
      // Its driver is loaded only where it is wanted.
      const { CassandraBackend } = await import('./backend/cassandra/cassandra-backend.ts');
      return CassandraBackend.open({ directory: options.directory, ...cassandra });
    }
    case 'memory':
      return new MemoryBackend(options);
  }
}
