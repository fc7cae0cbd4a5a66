import { readFile } from 'node:fs/promises';
import { credsAuthenticator } from '@nats-io/nats-core';
import type { ConnectionOptions as NatsOptions } from '@nats-io/nats-core';

/** How to reach NATS. Defaults: {@link CONNECTION_DEFAULTS}. */
export interface ConnectionOptions {
  /** `nats://host:port`, one or several servers of one mesh. A login may stand in the first: `nats://user:password@host:port`. */
  readonly servers: string | readonly string[];
  /** Shown by the server's monitoring: the program and, where there are several, which. */
  readonly name: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** Path of a NATS credentials file (JWT and nkey seed). */
  readonly credentialsFile?: string | undefined;
  /** Keep trying when no server answers at first, instead of throwing. A refused login throws at once all the same. */
  readonly waitOnFirstConnect?: boolean | undefined;
  /** Told once, in one line, that the first connection is waited for, and again every 30 s. */
  readonly onWaiting?: ((line: string) => void) | undefined;
  /** How long one attempt to connect may take. */
  readonly connectTimeoutMs?: number | undefined;
  /** A ping each so often; after `maxPingsOut` without an answer, and when nothing else comes either, the connection is given up and made anew. */
  readonly pingIntervalMs?: number | undefined;
  readonly maxPingsOut?: number | undefined;
  /** Wait between two attempts at one server, plus a random part up to `reconnectJitterMs`. Attempts never end. */
  readonly reconnectDelayMs?: number | undefined;
  readonly reconnectJitterMs?: number | undefined;
  /** How long `drain` may take before it closes without having drained. */
  readonly drainTimeoutMs?: number | undefined;
}

export const CONNECTION_DEFAULTS = {
  waitOnFirstConnect: false,
  connectTimeoutMs: 5_000,
  pingIntervalMs: 10_000,
  maxPingsOut: 2,
  reconnectDelayMs: 500,
  reconnectJitterMs: 500,
  drainTimeoutMs: 5_000,
} as const;

export interface ConnectionSettings {
  readonly servers: readonly string[];
  readonly name: string;
  readonly waitOnFirstConnect: boolean;
  readonly onWaiting: (line: string) => void;
  readonly connectTimeoutMs: number;
  readonly pingIntervalMs: number;
  readonly maxPingsOut: number;
  readonly reconnectDelayMs: number;
  readonly reconnectJitterMs: number;
  readonly drainTimeoutMs: number;
}

export function connectionSettings(options: ConnectionOptions): ConnectionSettings {
  return {
    servers: serversOf(options).map((server) => withLogin(server).server),
    name: options.name,
    waitOnFirstConnect: options.waitOnFirstConnect ?? CONNECTION_DEFAULTS.waitOnFirstConnect,
    onWaiting: options.onWaiting ?? (() => undefined),
    connectTimeoutMs: options.connectTimeoutMs ?? CONNECTION_DEFAULTS.connectTimeoutMs,
    pingIntervalMs: options.pingIntervalMs ?? CONNECTION_DEFAULTS.pingIntervalMs,
    maxPingsOut: options.maxPingsOut ?? CONNECTION_DEFAULTS.maxPingsOut,
    reconnectDelayMs: options.reconnectDelayMs ?? CONNECTION_DEFAULTS.reconnectDelayMs,
    reconnectJitterMs: options.reconnectJitterMs ?? CONNECTION_DEFAULTS.reconnectJitterMs,
    drainTimeoutMs: options.drainTimeoutMs ?? CONNECTION_DEFAULTS.drainTimeoutMs,
  };
}

/** @throws the file system's error when the credentials file cannot be read */
export async function natsOptions(
  options: ConnectionOptions,
  settings: ConnectionSettings,
): Promise<NatsOptions> {
  const nats: NatsOptions = {
    servers: [...settings.servers],
    name: settings.name,
    timeout: settings.connectTimeoutMs,
    pingInterval: settings.pingIntervalMs,
    // Whether a connection is to be given up is decided in connection-status.ts, which also sees what comes beside the answers.
    maxPingOut: Infinity,
    reconnectTimeWait: settings.reconnectDelayMs,
    reconnectJitter: settings.reconnectJitterMs,
    reconnectJitterTLS: settings.reconnectJitterMs,
    maxReconnectAttempts: -1,
    // A server that is being reconfigured refuses logins for a while: a daemon goes on trying, and says so as status 'error'.
    ignoreAuthErrorAbort: true,
    // Stack traces for each request cost more than the request.
    noAsyncTraces: true,
  };
  const login = {
    ...loginOf(options),
    ...definedOnly({ user: options.user, pass: options.password, token: options.token }),
  };
  Object.assign(nats, login);
  if (options.credentialsFile !== undefined) {
    nats.authenticator = credsAuthenticator(await readFile(options.credentialsFile));
  }
  return nats;
}

/** URLs of servers, separated by commas, as they may be shown: without logins. */
export function withoutLogins(servers: string): string {
  return serversOf({ servers, name: '' })
    .map((server) => withLogin(server).server)
    .join(',');
}

interface Login {
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

function serversOf({ servers }: ConnectionOptions): readonly string[] {
  return typeof servers === 'string' ? servers.split(',').map((server) => server.trim()) : servers;
}

/** The first login that stands in a URL. */
function loginOf(options: ConnectionOptions): Login {
  return (
    serversOf(options)
      .map((server) => withLogin(server).login)
      .find((login) => login !== undefined) ?? {}
  );
}

/**
 * A server without the login in its URL, which the client library would refuse and error messages would print, and that login: a
 * user with a password, or a token alone.
 */
function withLogin(server: string): { readonly server: string; readonly login: Login | undefined } {
  const parts = /^(\w+:\/\/)?(?:([^@/]*)@)?(.*)$/s.exec(server);
  const [, scheme = '', said, rest = ''] = parts ?? [];
  if (said === undefined) return { server, login: undefined };
  const colon = said.indexOf(':');
  const login =
    colon < 0
      ? { token: decoded(said) }
      : { user: decoded(said.slice(0, colon)), pass: decoded(said.slice(colon + 1)) };
  return { server: `${scheme}${rest}`, login };
}

/** Who writes a per cent sign in a password and does not know of URLs means that sign. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function definedOnly(login: { readonly [Name in keyof Login]: string | undefined }): Login {
  return Object.fromEntries(Object.entries(login).filter(([, text]) => text !== undefined));
}
