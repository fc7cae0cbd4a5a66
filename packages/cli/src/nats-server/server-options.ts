import { resolve } from 'node:path';

/** Defaults: {@link NATS_SERVER_DEFAULTS}; undefined means the default. */
export interface NatsServerOptions {
  /** The folder of JetStream's files; made when it is not there. */
  readonly storeDirectory: string;
  readonly configFile?: string | undefined;
  /** For clients; 0: any free one, chosen by the server itself. */
  readonly port?: number | undefined;
  /** Of the HTTP monitoring; 0: any free one. */
  readonly monitoringPort?: number | undefined;
  /** Further arguments of the server's command line, after ours. */
  readonly extraArguments?: readonly string[] | undefined;
  /** The program to run; what `findNatsServer` finds when it is not given. */
  readonly binary?: string | undefined;
  /** Each line that the server prints, without the line's end. */
  readonly onLogLine?: ((line: string) => void) | undefined;
  /** Told in one line when a server is passed over or fetched. */
  readonly onProgress?: ((line: string) => void) | undefined;
  /** How long it may take until JetStream answers; a large store is read at start. */
  readonly readyTimeoutMs?: number | undefined;
  /** How long `stop()` waits before it kills. */
  readonly stopTimeoutMs?: number | undefined;
}

export const NATS_SERVER_DEFAULTS = {
  configFile: resolve(import.meta.dirname, '../../../../nats/dev.conf'),
  port: 4222,
  monitoringPort: 8222,
  extraArguments: [] as readonly string[],
  onLogLine: () => undefined,
  onProgress: () => undefined,
  readyTimeoutMs: 60_000,
  stopTimeoutMs: 10_000,
} as const;

/** Every option with its value; only the program may still have to be found. */
export type NatsServerSettings = {
  readonly [Name in keyof NatsServerOptions]-?: Name extends 'binary'
    ? string | undefined
    : Exclude<NatsServerOptions[Name], undefined>;
};

export function natsServerSettings(options: NatsServerOptions): NatsServerSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return {
    binary: undefined,
    ...NATS_SERVER_DEFAULTS,
    ...(Object.fromEntries(given) as object),
  } as unknown as NatsServerSettings;
}
