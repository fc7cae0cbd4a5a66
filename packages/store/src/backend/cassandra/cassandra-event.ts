import type { KeeperReport } from './layout.ts';

/** What happens to a Cassandra archive that nobody asked for. */
export type CassandraEvent =
  /** The layout's keeper has done something, or knows how far it lags. */
  | { readonly type: 'kept'; readonly report: KeeperReport; readonly tookMs: number }
  /** It is tried again by itself. */
  | { readonly type: 'trouble'; readonly what: 'sealing' | 'latest values'; readonly error: Error };
