import type { ConsumerConfig, ConsumerInfo } from '@nats-io/jetstream';
import type { BusConnection } from './connection.ts';
import { RequestTimeoutError } from './errors.ts';
import { callJetStream } from './jetstream-api.ts';
import { Pull, type PullEnd } from './pull.ts';
import type { DeliveredMessage } from './stream-message.ts';

export interface OrderedReaderOptions {
  readonly stream: string;
  /** None: all of the stream. JetStream refuses filters that overlap. */
  readonly filters: readonly string[];
  /** Where a reader starts that has read nothing, or starts over. */
  readonly start: Partial<ConsumerConfig>;
  /** Whether an interrupted reader goes on after its last message, or starts over (for `last_per_subject`). */
  readonly afterLoss: 'go-on' | 'start-over';
  /** Told how many messages wait for the consumer as it is made (again). */
  readonly onStart: (pending: number) => void;
  readonly onMessage: (message: DeliveredMessage) => void;
  /** Asked at the start and after each message. */
  readonly isDone: () => boolean;
  /** Awaited between two batches: the way to slow the reader down. */
  readonly onBatch?: (() => Promise<void>) | undefined;
  readonly batchMessages: number;
  /** Undefined: until `isDone`, however long that takes. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const PULL_EXPIRES_MS = 5_000;
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;
/** The server removes a reader's consumer so long after the reader has vanished. */
const INACTIVE_THRESHOLD_S = 30;

/**
 * Reads a stream in order through a consumer of its own that nobody acknowledges, once, until `isDone`. The server numbers its deliveries:
 * at a hole in them, and at any other trouble, the consumer is made anew, so that what comes is complete.
 */
export class OrderedReader {
  readonly #connection: BusConnection;
  readonly #options: OrderedReaderOptions;
  readonly #settled = Promise.withResolvers<undefined>();
  readonly #undos: (() => void)[] = [];
  #state: 'starting' | 'reading' | 'ended' = 'starting';
  #pull: Pull | undefined;
  #consumer: string | undefined;
  #deliverySequence = 0;
  #lastSequence = 0;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(connection: BusConnection, options: OrderedReaderOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** @throws {RequestTimeoutError} @throws {StreamMissingError} @throws {JetStreamError} @throws the signal's reason */
  run(): Promise<void> {
    const { timeoutMs, signal, stream } = this.#options;
    if (timeoutMs !== undefined) {
      const timer = setTimeout(() => {
        this.#end(new RequestTimeoutError(`stream ${stream}`, timeoutMs));
      }, timeoutMs);
      this.#undos.push(() => {
        clearTimeout(timer);
      });
    }
    if (signal !== undefined) {
      const abort = () => {
        this.#end(signal.reason as Error);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#undos.push(() => {
        signal.removeEventListener('abort', abort);
      });
      if (signal.aborted) abort();
    }
    void this.#start(0);
    return this.#settled.promise;
  }

  async #start(attempt: number): Promise<void> {
    if (this.#state === 'ended') return;
    this.#state = 'starting';
    try {
      await this.#connection.whenConnected();
      const info = await this.#createConsumer();
      if (this.#hasEnded()) {
        this.#remove(info.name);
        return;
      }
      this.#consumer = info.name;
      this.#deliverySequence = 0;
      this.#state = 'reading';
      this.#options.onStart(info.num_pending);
      if (this.#options.isDone()) {
        this.#end();
        return;
      }
      const pull: Pull = new Pull(this.#connection, this.#options.stream, info.name, {
        onMessage: (message) => {
          this.#take(message, pull);
        },
        onEnd: (end) => {
          this.#onPullEnd(end, pull);
        },
        onHeartbeat: (deliverySequence) => {
          const isBehind = deliverySequence > this.#deliverySequence;
          if (pull === this.#pull && this.#state === 'reading' && isBehind) this.#restart();
        },
      });
      this.#pull = pull;
      this.#request();
    } catch (error) {
      // In the midst of a restart a server may say many things; a first attempt that fails is told to the caller.
      const isFirst = attempt === 0 && this.#lastSequence === 0;
      if (isFirst || this.#connection.closed) this.#end(error as Error);
      else this.#retryTimer = setTimeout(() => void this.#start(attempt + 1), retryMs(attempt));
    }
  }

  #createConsumer(): Promise<ConsumerInfo> {
    const { stream, filters, start, afterLoss } = this.#options;
    const goesOn = afterLoss === 'go-on' && this.#lastSequence > 0;
    const place = goesOn
      ? { deliver_policy: 'by_start_sequence', opt_start_seq: this.#lastSequence + 1 }
      : start;
    const name = `reader_${this.#connection.newInbox().slice(-22)}`;
    return callJetStream<ConsumerInfo>(
      this.#connection,
      `CONSUMER.CREATE.${stream}.${name}`,
      {
        stream_name: stream,
        action: 'create',
        config: {
          name,
          ack_policy: 'none',
          mem_storage: true,
          num_replicas: 1,
          inactive_threshold: INACTIVE_THRESHOLD_S * 1e9,
          ...(filters.length === 1 ? { filter_subject: filters[0] } : {}),
          ...(filters.length > 1 ? { filter_subjects: filters } : {}),
          ...place,
        },
      },
      { what: `read ${stream}`, stream },
    );
  }

  #request(): void {
    this.#pull?.request({
      messages: this.#options.batchMessages,
      bytes: Math.max(8 * 1024 * 1024, 2 * this.#connection.maxPayload),
      expiresMs: PULL_EXPIRES_MS,
    });
  }

  #take(message: DeliveredMessage, pull: Pull): void {
    if (pull !== this.#pull || this.#state !== 'reading') return;
    this.#deliverySequence += 1;
    if (message.deliverySequence !== this.#deliverySequence) {
      this.#restart();
      return;
    }
    this.#lastSequence = message.sequence;
    try {
      this.#options.onMessage(message);
      if (this.#options.isDone()) this.#end();
    } catch (error) {
      this.#end(error as Error);
    }
  }

  #onPullEnd({ type }: PullEnd, pull: Pull): void {
    if (pull !== this.#pull || this.#state !== 'reading') return;
    if (type === 'lost') this.#restart();
    else void this.#nextBatch(pull);
  }

  async #nextBatch(pull: Pull): Promise<void> {
    try {
      await this.#options.onBatch?.();
    } catch (error) {
      this.#end(error as Error);
    }
    if (pull === this.#pull && this.#state === 'reading') this.#request();
  }

  #restart(): void {
    this.#pull?.close();
    if (this.#consumer !== undefined) this.#remove(this.#consumer);
    if (this.#options.afterLoss === 'start-over') this.#lastSequence = 0;
    void this.#start(1);
  }

  /** Asked after an await, where the compiler would believe the state of before. */
  #hasEnded(): boolean {
    return this.#state === 'ended';
  }

  #end(error?: Error): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    clearTimeout(this.#retryTimer);
    this.#pull?.close();
    for (const undo of this.#undos.splice(0)) undo();
    if (this.#consumer !== undefined) this.#remove(this.#consumer);
    if (error === undefined) this.#settled.resolve(undefined);
    else this.#settled.reject(error);
  }

  /** Nobody waits for it: what is not removed now is removed by the server later. */
  #remove(consumer: string): void {
    if (!this.#connection.connected) return;
    this.#connection.publish(`$JS.API.CONSUMER.DELETE.${this.#options.stream}.${consumer}`, '');
  }
}

function retryMs(attempt: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS);
}
