import type { KeeperReport } from './layout.ts';
import type { SessionNews, SessionStatus } from './session/session-news.ts';

/** What happens to a Cassandra archive that nobody asked for. */
export type CassandraEvent =
  /** `status` may be asked until it is closed. */
  | { readonly type: 'opened'; readonly status: () => SessionStatus }
  | { readonly type: 'closed' }
  | { readonly type: 'session'; readonly news: SessionNews }
  /** How long ago the oldest that is not sealed was due. */
  | { readonly type: 'lag'; readonly lagSeconds: number }
  /** The layout's keeper has made a pass. */
  | { readonly type: 'kept'; readonly report: KeeperReport; readonly tookMs: number }
  /** The folder that would tell a restart from another store cannot be had: the restart waits for the lease that was left behind. */
  | { readonly type: 'nameless'; readonly error: Error }
  /** It is tried again by itself. */
  | { readonly type: 'trouble'; readonly what: string; readonly error: Error };
