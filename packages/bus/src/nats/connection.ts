import { RequestError, TimeoutError, createInbox, headers as createHeaders } from '@nats-io/nats-core';
import type {
  Msg,
  MsgHdrs,
  NatsConnection,
  PublishOptions as NatsPublishOptions,
  RequestOptions as NatsRequestOptions,
} from '@nats-io/nats-core';
import {
  connectionSettings,
  natsOptions,
  type ConnectionOptions,
  type ConnectionSettings,
} from './connection-options.ts';
import { StatusFeed, type ConnectionStatus } from './connection-status.ts';
import { dial } from './dial.ts';
import {
  DisconnectedError,
  MalformedSubjectError,
  NoResponderError,
  PayloadTooLargeError,
  RequestTimeoutError,
} from './errors.ts';
import { FrameWriter } from './frame-writer.ts';
import { ReceivedMessage, type BusMessage } from './message.ts';
import { readServerInfo, type ServerInfo } from './server-info.ts';
import { RequestMany, type RequestManyOptions } from './request-many.ts';

export interface PublishOptions {
  readonly reply?: string | undefined;
  readonly headers?: Record<string, string> | undefined;
}

export interface SubscribeOptions {
  /** Of the subscribers of one queue, one gets each message. */
  readonly queue?: string | undefined;
}

export interface RequestOptions {
  readonly timeoutMs?: number | undefined;
  readonly headers?: Record<string, string> | undefined;
}

export const REQUEST_TIMEOUT_MS = 5_000;
const WHITE_SPACE = /\s/;

let natsOfConnection: (connection: BusConnection) => NatsConnection;

/** The client library's own connection, for the files of this folder only. */
export function natsOf(connection: BusConnection): NatsConnection {
  return natsOfConnection(connection);
}

/**
 * One connection to NATS that mends itself. Subscriptions survive a reconnect; what is published while the connection is down may be
 * lost, as core NATS promises nothing (what must not be lost goes through an AcknowledgedWindow).
 */
export class BusConnection {
  readonly #nats: NatsConnection;
  readonly #settings: ConnectionSettings;
  readonly #status: StatusFeed;
  readonly #frames: FrameWriter;
  /** Rejects of the requests that are under way. */
  readonly #requests = new Set<(error: Error) => void>();
  #maxPayload = 1024 * 1024;
  #serverInfo: ServerInfo = { name: '', id: '', version: '', url: '', cluster: undefined, jetStream: false };

  static {
    natsOfConnection = (connection) => connection.#nats;
  }

  private constructor(nats: NatsConnection, settings: ConnectionSettings) {
    this.#nats = nats;
    this.#settings = settings;
    this.#readServerInfo();
    this.#frames = new FrameWriter(nats, () => this.#maxPayload);
    this.#status = new StatusFeed(nats, settings.maxPingsOut);
    this.#status.listen((status) => {
      if (status.type === 'reconnected') this.#readServerInfo();
      else if (status.type === 'disconnected' || status.type === 'closed') this.#failRequests();
    });
  }

  /**
   * @throws {ConnectError} naming the URLs and the reason, when no server answers (unless `waitOnFirstConnect`) or the login is refused
   */
  static async connect(options: ConnectionOptions): Promise<BusConnection> {
    const settings = connectionSettings(options);
    return new BusConnection(await dial(await natsOptions(options, settings), settings), settings);
  }

  /**
   * @throws {PayloadTooLargeError} above the server's max_payload, headers included
   * @throws {MalformedSubjectError}
   * @throws {DisconnectedError} after close()
   */
  publish(subject: string, data: Uint8Array | string, options?: PublishOptions): void {
    const natsPublishOptions: NatsPublishOptions = {};
    if (options?.reply !== undefined) natsPublishOptions.reply = options.reply;
    if (options?.headers !== undefined) natsPublishOptions.headers = headersOf(options.headers);
    this.#frames.flush();
    try {
      // A fifth of what the library's own TextEncoder takes.
      const bytes = typeof data === 'string' ? Buffer.from(data) : data;
      this.#nats.publish(subject, bytes, natsPublishOptions);
    } catch (error) {
      throw this.#explain(error, subject, data);
    }
  }

  /**
   * {@link publish} of a text that wants an answer, at less than half the cost. It goes out at the end of the turn, or before what is
   * published, flushed or drained here after it.
   * @throws {PayloadTooLargeError} above the server's max_payload
   * @throws {MalformedSubjectError}
   * @throws {DisconnectedError} after close()
   */
  write(subject: string, reply: string, payload: string): void {
    if (this.#nats.isClosed() || this.#nats.isDraining())
      throw new DisconnectedError(`publish on ${subject}`, false);
    this.#frames.write(subject, reply, payload);
  }

  /**
   * Calls back for each message, in order, from the socket's own turn of the loop. What the callback throws is told to the status
   * listeners as `error` and disturbs nothing else.
   * @returns the undo
   * @throws {MalformedSubjectError}
   * @throws {DisconnectedError} after close()
   */
  subscribe(
    pattern: string,
    onMessage: (message: BusMessage) => void,
    options?: SubscribeOptions,
  ): () => void {
    // The library's reader dies for good, in silence, when a callback throws: nothing may pass.
    const callback = (error: Error | null, message: Msg) => {
      if (error !== null) {
        this.report(`subscription ${pattern} ended: ${error.message}`);
        return;
      }
      try {
        onMessage(new ReceivedMessage(message, this));
      } catch (thrown) {
        this.report(`handler of ${pattern} threw: ${String(thrown)}`);
      }
    };
    try {
      const queue = options?.queue;
      const subscription = this.#nats.subscribe(
        pattern,
        queue === undefined ? { callback } : { callback, queue },
      );
      return () => {
        subscription.unsubscribe();
      };
    } catch (error) {
      throw this.#explain(error, pattern);
    }
  }

  /** Resolves when the server has seen all that was sent before: subscriptions hold (on this server), messages have been taken.
   * @throws {DisconnectedError} */
  async flush(): Promise<void> {
    this.#frames.flush();
    try {
      await this.#nats.flush();
    } catch (error) {
      throw new DisconnectedError('flush', !this.#nats.isClosed(), { cause: error });
    }
  }

  /** How long a question to the server and back takes now. @throws {DisconnectedError} */
  async roundTripMs(): Promise<number> {
    const startMs = performance.now();
    await this.flush();
    return performance.now() - startMs;
  }

  /**
   * One question, one answer; the answer may be an error of the service's own ({@link callService} tells).
   * @throws {NoResponderError} at once when nobody listens
   * @throws {RequestTimeoutError}
   * @throws {DisconnectedError} when the connection is down, goes down meanwhile (the answer cannot come any more), or is closed
   * @throws {PayloadTooLargeError}
   */
  async request(
    subject: string,
    data: Uint8Array | string = '',
    options?: RequestOptions,
  ): Promise<BusMessage> {
    this.checkConnected(`request on ${subject}`);
    const timeoutMs = options?.timeoutMs ?? REQUEST_TIMEOUT_MS;
    const natsRequestOptions: NatsRequestOptions = { timeout: timeoutMs };
    if (options?.headers !== undefined) natsRequestOptions.headers = headersOf(options.headers);
    try {
      const answer = await this.whileConnected(this.#nats.request(subject, data, natsRequestOptions));
      return new ReceivedMessage(answer, this);
    } catch (error) {
      if (error instanceof DisconnectedError) throw error;
      if (error instanceof TimeoutError) throw new RequestTimeoutError(subject, timeoutMs);
      if (error instanceof RequestError && error.isNoResponders()) throw new NoResponderError(subject);
      throw this.#explain(error, subject, data);
    }
  }

  /**
   * What `answer` gives, but not later than the connection lives: an answer that was on its way when it went down does not come.
   * @throws {DisconnectedError}
   */
  async whileConnected<T>(answer: Promise<T>): Promise<T> {
    const lost = Promise.withResolvers<never>();
    this.#requests.add(lost.reject);
    try {
      return await Promise.race([answer, lost.promise]);
    } finally {
      this.#requests.delete(lost.reject);
    }
  }

  /**
   * One question, several answers: until `isLast` says so, or `stallMs` passed without one, or `totalMs` in all.
   * @throws {NoResponderError} at once when nobody listens
   * @throws {DisconnectedError} when the connection is down, goes down meanwhile, or is closed
   * @throws {PayloadTooLargeError}
   */
  requestMany(subject: string, data: Uint8Array | string, options: RequestManyOptions): Promise<void> {
    return new RequestMany(this, subject, options).run(data);
  }

  /** A subject of its own to be answered on; `<inbox>.*` belongs to the caller too. */
  newInbox(): string {
    return createInbox();
  }

  /** @returns the undo */
  onStatus(listener: (status: ConnectionStatus) => void): () => void {
    return this.#status.listen(listener);
  }

  /** What needs an answer is not begun while none can come. @throws {DisconnectedError} that may be retried; not when it is closed */
  checkConnected(what: string): void {
    if (!this.connected && !this.closed) throw new DisconnectedError(what, true);
  }

  /** Tells the status listeners of trouble that nobody else can be told of, as `error`. */
  report(detail: string): void {
    this.#status.emit({ type: 'error', detail });
  }

  /** Resolves at once or when the connection is back. @throws {DisconnectedError} when it is closed */
  whenConnected(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.connected) {
        resolve();
        return;
      }
      const closed = new DisconnectedError('wait for the connection', false);
      if (this.closed) {
        reject(closed);
        return;
      }
      const undo = this.onStatus(({ type }) => {
        if (type !== 'reconnected' && type !== 'closed') return;
        undo();
        if (type === 'closed') reject(closed);
        else resolve();
      });
    });
  }

  /** False from the moment that the loss of the connection is noticed until it is back. */
  get connected(): boolean {
    return this.#status.connected;
  }

  get closed(): boolean {
    return this.#nats.isClosed();
  }

  /** Most bytes that a message may have, headers included. */
  get maxPayload(): number {
    return this.#maxPayload;
  }

  get serverInfo(): ServerInfo {
    return this.#serverInfo;
  }

  /** Ends the subscriptions, lets what has arrived be handled, sends what is buffered, closes. Never throws. */
  async drain(): Promise<void> {
    if (this.#nats.isClosed()) return;
    this.#frames.flush();
    if (this.connected) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, this.#settings.drainTimeoutMs)));
      await Promise.race([this.#nats.drain().catch(() => undefined), late]);
      clearTimeout(timer);
    }
    await this.close();
  }

  /** Closes at once; what is still buffered is lost. */
  async close(): Promise<void> {
    await this.#nats.close();
  }

  #failRequests(): void {
    for (const reject of this.#requests) reject(new DisconnectedError('request', !this.closed));
  }

  #readServerInfo(): void {
    const info = readServerInfo(this.#nats);
    if (info === undefined) return;
    const { maxPayload, ...serverInfo } = info;
    this.#maxPayload = maxPayload;
    this.#serverInfo = serverInfo;
  }

  #explain(error: unknown, subject: string, data?: Uint8Array | string): unknown {
    if (this.#nats.isClosed() || this.#nats.isDraining()) {
      return new DisconnectedError(`publish or subscribe on ${subject}`, false, { cause: error });
    }
    if (subject === '' || WHITE_SPACE.test(subject)) return new MalformedSubjectError(subject);
    const bytes = data === undefined ? 0 : typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    if (error instanceof Error && error.message.includes('max_payload')) {
      return new PayloadTooLargeError(subject, bytes, this.#maxPayload);
    }
    return error;
  }
}

function headersOf(record: Record<string, string>): MsgHdrs {
  const natsHeaders = createHeaders();
  for (const [name, value] of Object.entries(record)) natsHeaders.set(name, value);
  return natsHeaders;
}
