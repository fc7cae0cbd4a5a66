import type {
  BinsPage,
  BinsParams,
  HistoryPage,
  HistoryParams,
  InfoResult,
  ListParams,
  ListResult,
  PortalMethod,
  PortalMethods,
  SensorsParams,
  SubscribeParams,
  CataloguePage,
} from '@katbus/protocol';
import { answerPages } from './answer-pages.ts';
import { Connection, type ConnectionState } from './connection.ts';
import type { Disconnect } from './dial.ts';
import { answeredError, clientError, type PortalError } from './errors.ts';
import { readFrames, type Frame } from './frame.ts';
import { resolveOptions, type PortalClientOptions, type ResolvedOptions } from './options.ts';
import { readNotification } from './notification.ts';
import { PendingRequests, type RequestSettings } from './pending-requests.ts';
import { streamSamples, type SampleStreamOptions, type StreamedSample } from './sample-stream.ts';
import { SubjectRoutes } from './subject-routes.ts';
import { Delivery, type Subscription, type SubscriptionHandlers } from './subscription.ts';
import { SubscriptionReplay } from './subscription-replay.ts';

/** What the outside sees of the connection. */
export interface ClientState {
  readonly name: ConnectionState['name'];
  /** Why the connection that was there is gone, or the last attempt failed; only when waiting or closed. */
  readonly disconnect?: Disconnect;
  /** How long until the next attempt, counted from the change to `waiting`. */
  readonly delayMs?: number;
}

/** What happened since the client was made. */
export interface ClientCounters {
  opened: number;
  frames: number;
  /** Frames, or elements of a frame, that are no JSON-RPC 2.0 answer or notification, or whose parameters are not of the protocol. */
  malformed: number;
  /** Notifications of a kind that this client does not know. */
  unknown: number;
  /** Answers to no request that waits, and snapshots of no subscription that is kept. */
  unclaimed: number;
}

/** What a subscription asks for beside its subjects; it is asked for again after a reconnect. */
export type SubscribeOptions = Omit<SubscribeParams, 'subjects'>;

/** Why the client closes when its owner says so. */
const CLOSED_BY_OWNER: Disconnect = { code: 1000, reason: 'closed by its owner' };

/**
 * A client of the portal's native protocol (PROTOCOL.md): connects at once, stays connected until {@link close}, and keeps subscriptions
 * through reconnects.
 *
 * A request waits for the connection within its time-out; one under way when the connection goes down rejects with `disconnected`, retryable.
 */
export class PortalClient {
  readonly counters: ClientCounters = { opened: 0, frames: 0, malformed: 0, unknown: 0, unclaimed: 0 };
  readonly #options: ResolvedOptions;
  readonly #connection: Connection;
  readonly #requests: PendingRequests;
  readonly #routes = new SubjectRoutes<Delivery>();
  readonly #replay: SubscriptionReplay;
  readonly #stateListeners = new Set<(state: ClientState) => void>();
  #heardSeconds = Date.now() / 1000;

  /** @throws {PortalError} `badOption`, naming the option */
  constructor(options: PortalClientOptions) {
    this.#options = resolveOptions(options);
    this.#requests = new PendingRequests(this.#options, (text) => this.#connection.send(text));
    this.#replay = new SubscriptionReplay(this.#options, this.#routes, (method, params, settings) =>
      this.#requests.add(method, params, settings),
    );
    this.#connection = new Connection(this.#options, {
      onState: (state) => this.#tell(state),
      onOpen: () => this.#opened(),
      onFrame: (data) => this.#frame(data),
      onLost: (disconnect) => this.#lost(disconnect),
      onQuiet: () =>
        this.#requests.add('info', {}, { timeoutMs: this.#options.signTimeoutMs, settle: () => undefined }),
    });
  }

  get state(): ClientState {
    return publicState(this.#connection.state);
  }

  /** Calls `listener` on every change. @returns its undo */
  onState(listener: (state: ClientState) => void): () => void {
    // Wrapped, so that a function that is added twice is also removed twice.
    const entry = (state: ClientState) => listener(state);
    this.#stateListeners.add(entry);
    return () => void this.#stateListeners.delete(entry);
  }

  /** Cuts a wait before the next attempt to connect short: the network is back, or a person asks for it. */
  reconnectNow(): void {
    this.#connection.dialNow();
  }

  /** Ends the connection, all subscriptions and all requests. */
  close(): void {
    this.#connection.close(CLOSED_BY_OWNER);
  }

  /**
   * Subscribes to NATS subject patterns under `sensor.`, `attributes.` or `portal.`: a snapshot of the current values, then what is live, as
   * the sampling strategy has it (default: all). With the mode `all` nothing is left out for a client that is slow: it is disconnected rather,
   * and told of the gap when it is back.
   * @throws {MalformedPatternError} when a pattern is none
   */
  subscribe(
    subjects: readonly string[],
    handlers: SubscriptionHandlers,
    options: SubscribeOptions = {},
  ): Subscription {
    const delivery = new Delivery(subjects, handlers);
    if (this.#connection.state.name === 'closed') throw clientError('closed');
    return this.#replay.add({ ...options, subjects: [...subjects] }, delivery);
  }

  /** The samples of these subjects, for `for await`; the subscription lasts as long as the loop. */
  samples(
    subjects: readonly string[],
    options: SampleStreamOptions = {},
  ): AsyncGenerator<StreamedSample, void, undefined> {
    const { mostWaiting, ...asked } = options;
    return streamSamples((handlers) => this.subscribe(subjects, handlers, asked), { ...asked, mostWaiting });
  }

  /** Which sensors there are, asked of the components themselves. */
  list(params: ListParams = {}): Promise<ListResult> {
    return this.request('list', params);
  }

  /** Which sensors the archive knows: one page. */
  sensors(params: SensorsParams = {}): Promise<CataloguePage> {
    return this.request('sensors', params);
  }

  /** Archived samples of one sensor: one page. */
  history(params: HistoryParams): Promise<HistoryPage> {
    return this.request('history', params);
  }

  /**
   * Archived samples of one sensor, page by page to the end of the range. A page that a lost connection cost is asked for again; the next one is
   * asked for while you work on the one before.
   */
  historyAll(params: Omit<HistoryParams, 'after'>): AsyncGenerator<HistoryPage, void, undefined> {
    return answerPages((page) => this.history(page), params);
  }

  /** What the archived samples of sensors come to in equal spans of time: one page. */
  bins(params: BinsParams): Promise<BinsPage> {
    return this.request('bins', params);
  }

  /** The same, page by page as {@link historyAll}. `JoinedBins` puts series together again that pages have cut. */
  binsAll(params: Omit<BinsParams, 'after'>): AsyncGenerator<BinsPage, void, undefined> {
    return answerPages((page) => this.bins(page), params);
  }

  /** Who answers, and its limits. */
  info(): Promise<InfoResult> {
    return this.request('info', {});
  }

  /**
   * Any method of the protocol.
   * @throws {PortalError}
   */
  request<M extends PortalMethod>(
    method: M,
    params: PortalMethods[M]['params'],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<PortalMethods[M]['result']> {
    return new Promise((resolve, reject) => {
      if (this.#connection.state.name === 'closed') {
        reject(clientError('closed'));
        return;
      }
      const settle: RequestSettings['settle'] = (outcome) => {
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.result as PortalMethods[M]['result']);
      };
      this.#requests.add(method, params, {
        timeoutMs: options.timeoutMs ?? this.#options.requestTimeoutMs,
        settle,
      });
    });
  }

  #tell(state: ConnectionState): void {
    for (const listener of [...this.#stateListeners]) listener(publicState(state));
  }

  #opened(): void {
    this.counters.opened += 1;
    this.#heardSeconds = Date.now() / 1000;
    this.#requests.connected();
    this.#replay.opened();
  }

  #lost(disconnect: Disconnect): void {
    const why = `${disconnect.code} ${disconnect.reason}`.trim();
    this.#replay.lost(this.#heardSeconds);
    this.#requests.disconnected(clientError('disconnected', why));
    if (this.#connection.state.name !== 'closed') return;
    const error: PortalError = clientError('closed', why);
    this.#requests.rejectAll(error);
    this.#replay.endAll(disconnect === CLOSED_BY_OWNER ? undefined : error);
  }

  #frame(data: unknown): void {
    this.counters.frames += 1;
    this.#heardSeconds = Date.now() / 1000;
    for (const frame of readFrames(data)) {
      if (frame === undefined) this.counters.malformed += 1;
      else if (frame.kind === 'notification') this.#notified(frame.method, frame.params);
      else this.#answered(frame);
    }
  }

  #answered(frame: Exclude<Frame, { kind: 'notification' }>): void {
    const outcome =
      frame.kind === 'result' ? { result: frame.result } : { error: answeredError(frame.error) };
    if (!this.#requests.answer(frame.id, outcome)) this.counters.unclaimed += 1;
  }

  /** One case a notification of the protocol; what a later portal may add is counted and passed over. */
  #notified(method: string, params: object): void {
    const notification = readNotification(method, params);
    if (typeof notification === 'string') {
      this.counters[notification] += 1;
      return;
    }
    switch (notification.method) {
      case 'sample':
        for (const delivery of this.#routes.of(notification.params.subject))
          delivery.sample(notification.params);
        break;
      case 'snapshot':
        if (!this.#replay.snapshot(notification.params)) this.counters.unclaimed += 1;
        break;
      case 'attributes':
        for (const delivery of this.#routes.of(notification.params.subject))
          delivery.attributes(notification.params);
        break;
      case 'message':
        for (const delivery of this.#routes.of(notification.params.subject))
          delivery.message(notification.params);
        break;
      case 'sensorAdded':
        for (const delivery of this.#routes.all()) delivery.sensorAdded(notification.params);
        break;
      case 'gap':
        for (const delivery of this.#routes.all()) delivery.gap(notification.params);
        break;
    }
  }
}

function publicState(state: ConnectionState): ClientState {
  const { name } = state;
  if (name === 'waiting') return { name, disconnect: state.disconnect, delayMs: state.delayMs };
  return name === 'closed' ? { name, disconnect: state.disconnect } : { name };
}
