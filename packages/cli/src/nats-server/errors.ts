/** One place that was looked in for a nats-server, and why it gave none. */
export interface FailedAttempt {
  /** What a person calls it: `PATH`, `NATS_SERVER_BIN`, `go install`. */
  readonly place: string;
  readonly reason: string;
}

/** No place gave a nats-server that is new enough. The message is one line and names every place that was tried. */
export class NatsServerNotFoundError extends Error {
  readonly code = 'NATS_SERVER_NOT_FOUND';
  readonly attempts: readonly FailedAttempt[];

  constructor(attempts: readonly FailedAttempt[]) {
    const tried = attempts.map(({ place, reason }) => `${place} (${reason})`).join('; ');
    super(`no nats-server found or fetched; tried ${tried}`);
    this.name = 'NatsServerNotFoundError';
    this.attempts = attempts;
  }
}

export type NatsServerStartCode =
  'PORT_IN_USE' | 'STORE_IN_USE' | 'EXITED_AT_START' | 'NOT_READY_IN_TIME' | 'NOT_STARTED';

/** A nats-server was found, but did not come up. The message is one line; `log` has the server's last lines. */
export class NatsServerStartError extends Error {
  readonly code: NatsServerStartCode;
  readonly log: readonly string[];
  /** With `PORT_IN_USE`: which port, and the option of `NatsServerOptions` that set it. */
  readonly port: number | undefined;
  readonly option: 'port' | 'monitoringPort' | undefined;

  constructor(
    code: NatsServerStartCode,
    message: string,
    log: readonly string[],
    detail: { port?: number; option?: 'port' | 'monitoringPort'; cause?: unknown } = {},
  ) {
    super(message, { cause: detail.cause });
    this.name = 'NatsServerStartError';
    this.code = code;
    this.log = log;
    this.port = detail.port;
    this.option = detail.option;
  }
}
