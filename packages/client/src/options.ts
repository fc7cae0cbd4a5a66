import { clientError } from './errors.ts';
import { dialWebSocket, type Dial } from './dial.ts';

export interface PortalClientOptions {
  /** The portal's websocket endpoint: `ws://127.0.0.1:8090/ws`. */
  readonly url: string;
  /** How long a request may take, connecting included, before it rejects with `noAnswer` or `disconnected`. */
  readonly requestTimeoutMs?: number;
  /** How long one attempt to connect may take. */
  readonly dialTimeoutMs?: number;
  /** Reconnecting waits a random time between 0 and a bound; the bound begins here and doubles with every attempt that fails, */
  readonly firstDelayMs?: number;
  /** and ends here. */
  readonly longestDelayMs?: number;
  /** A connection that lasted so long was a good one: the bound begins again. */
  readonly settledMs?: number;
  /** After so long without a frame the portal is asked for a sign of life (a browser cannot send pings); 0: never. */
  readonly quietMs?: number;
  /** How long that sign may take before the connection counts as dead. */
  readonly signTimeoutMs?: number;
  /** Requests that wait for their answer, for the connection or for a place among those under way; beyond: `tooManyRequests`. */
  readonly mostRequests?: number;
  /** Requests under way at the portal at once; the next one waits. The portal refuses more than 32 of a session. */
  readonly mostUnderWay?: number;
  /** What makes connections; the default is the platform's WebSocket. */
  readonly dial?: Dial;
  /** A number in [0, 1) for the jitter. */
  readonly random?: () => number;
}

export const PORTAL_CLIENT_DEFAULTS = {
  requestTimeoutMs: 10_000,
  dialTimeoutMs: 10_000,
  firstDelayMs: 500,
  longestDelayMs: 15_000,
  settledMs: 5_000,
  quietMs: 30_000,
  signTimeoutMs: 10_000,
  mostRequests: 1_000,
  mostUnderWay: 24,
  dial: dialWebSocket,
  random: Math.random,
} as const;

export type ResolvedOptions = Required<PortalClientOptions>;

/** Options that may be zero, with what zero means in their docstring; every other number must be above zero. */
const MAY_BE_ZERO: readonly string[] = ['firstDelayMs', 'quietMs', 'settledMs'];

/** @throws {PortalError} `badOption`, naming the option in `field` */
export function resolveOptions(options: PortalClientOptions): ResolvedOptions {
  const resolved: ResolvedOptions = { ...PORTAL_CLIENT_DEFAULTS, ...withoutUndefined(options) };
  let url: URL;
  try {
    url = new URL(resolved.url);
  } catch (cause) {
    throw clientError('badOption', `url "${resolved.url}" is no URL`, { field: 'url', cause });
  }
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    throw clientError('badOption', `url "${resolved.url}" must begin with ws:// or wss://`, { field: 'url' });
  }
  for (const [field, value] of Object.entries(resolved)) {
    if (typeof value !== 'number') continue;
    const least = MAY_BE_ZERO.includes(field) ? 0 : 1;
    if (!Number.isFinite(value) || value < least) {
      throw clientError('badOption', `${field} must be a number of at least ${least}`, { field });
    }
  }
  return resolved;
}

/** An option that is given as undefined is not given. */
function withoutUndefined(options: PortalClientOptions): PortalClientOptions {
  const given: unknown = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  return given as PortalClientOptions;
}
