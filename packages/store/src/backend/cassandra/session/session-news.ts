import type { StoreErrorCode } from '../../../errors.ts';

/**
 * How it is with the nodes of the data center.
 *
 * - `connected`: all of them can be reached
 * - `degraded`: some of them can not
 * - `hanging`: they can be reached, but answer late, or that they cannot
 * - `disconnected`: none of them can be reached
 */
export type SessionState = (typeof SESSION_STATES)[number];
export const SESSION_STATES = ['connected', 'degraded', 'hanging', 'disconnected'] as const;

/** What a session found out by itself. */
export type SessionNews =
  /** `message` is a line for the log. */
  | { readonly type: 'state'; readonly state: SessionState; readonly message: string }
  /**
   * A node was booted anew: what it acknowledged shortly before may be gone.
   * `knownUntilMs`: when it was last seen before that, by our clock (Unix time, milliseconds); it went down later than that.
   */
  | {
      readonly type: 'booted';
      readonly node: string;
      readonly knownUntilMs: number;
      readonly message: string;
    };

export interface SessionStatus {
  readonly state: SessionState;
  readonly nodes: number;
  readonly nodesDown: number;
  /** How many requests may be under way now, how many are, and how many wait for that. */
  readonly inFlightLimit: number;
  readonly inFlight: number;
  readonly waiting: number;
  /** Of the last answers; undefined: none yet. */
  readonly averageMs: number | undefined;
  /** Since the session was opened. */
  readonly requests: number;
  readonly failures: ReadonlyMap<StoreErrorCode, number>;
}
