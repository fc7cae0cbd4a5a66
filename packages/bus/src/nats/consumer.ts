import { setTimeout as delay } from 'node:timers/promises';
import type { Anchor } from './anchor.ts';
import type { BusConnection } from './connection.ts';
import {
  DURABLE_CONSUMER_DEFAULTS,
  type ConsumerEvent,
  type ConsumerStatus,
  type DurableConsumerOptions,
  type FetchOptions,
} from './consumer-options.ts';
import { consumerInfo, readyConsumer, type ConsumerPlan } from './consumer-setup.ts';
import { firstDoubtful, type Hole } from './sequence-holes.ts';
import { DisconnectedError } from './errors.ts';
import { Pull, type PullEnd } from './pull.ts';
import type { DeliveredMessage, StreamMessage } from './stream-message.ts';

const PULL_EXPIRES_MS = 30_000;
const RECOVER_DELAYS_MS = [50, 200, 1_000];
const LAST_RECOVER_DELAY_MS = 5_000;
/** What flowed for so long flowed well: the next interruption is mended at once. */
const SETTLED_MS = 10_000;

/**
 * A reader that misses nothing: gives out a stream's messages in order and lets the server remember how far they are stored.
 *
 * One acknowledgement covers all messages before it, which is cheap and only right while none of them was lost on the way. The server
 * numbers its deliveries; at the first hole in the numbers, and after whatever may have made one, all that was not given out is thrown
 * away and the consumer made anew at the message after the last acknowledged one. Messages that were given out are not given out again
 * by that; their reader is expected to store them, or to call {@link rewind}.
 */
export class DurableConsumer {
  readonly #connection: BusConnection;
  readonly #options: DurableConsumerOptions;
  readonly #plan: ConsumerPlan;
  readonly #batchMessages: number;
  readonly #batchBytes: number;
  #state: 'recovering' | 'flowing' | 'closed' = 'recovering';
  #pull: Pull | undefined;
  #buffer: DeliveredMessage[] = [];
  /** What the stream had beyond the last message received when that left. */
  #behind = 0;
  #waiting: { readonly wanted: number; readonly onArrival: (isEnough: boolean) => void } | undefined;
  #deliverySequence = 0;
  /** The highest sequence received; deliveries up to it are repetitions. */
  #receivedSequence = 0;
  #deliveredBefore = 0;
  /** The sequence that the next message given out has, if the stream has let nothing go. */
  #expectedSequence = 0;
  #streamCreated: string | undefined;
  #acknowledged: Anchor | undefined;
  #handedOut: Anchor | undefined;
  #flowingSinceMs = 0;
  /** Interruptions in a row, none of which came after long. */
  #quickLosses = 0;

  private constructor(connection: BusConnection, options: DurableConsumerOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#batchMessages = options.batchMessages ?? DURABLE_CONSUMER_DEFAULTS.batchMessages;
    this.#batchBytes = options.batchBytes ?? DURABLE_CONSUMER_DEFAULTS.batchBytes;
    this.#acknowledged = options.after;
    this.#plan = {
      stream: options.stream,
      durable: options.durable,
      filter: options.filter,
      ackWaitMs: options.ackWaitMs ?? DURABLE_CONSUMER_DEFAULTS.ackWaitMs,
      maxAckPending: options.maxAckPending ?? 4 * this.#batchMessages,
      inactiveMs: options.inactiveMs ?? DURABLE_CONSUMER_DEFAULTS.inactiveMs,
    };
  }

  /** Once open it mends itself, for ever. @throws {StreamMissingError} @throws {JetStreamError} */
  static async open(connection: BusConnection, options: DurableConsumerOptions): Promise<DurableConsumer> {
    const consumer = new DurableConsumer(connection, options);
    await consumer.#establish();
    return consumer;
  }

  /**
   * The next messages, in order: as many as there are at once, at most `maxMessages`; none when none came in time. Meanwhile the next
   * batch is already asked for. One fetch at a time.
   * @throws {DisconnectedError} when the consumer or the connection is closed
   */
  async fetch(options: FetchOptions): Promise<StreamMessage[]> {
    if (this.#waiting !== undefined) throw new Error('a fetch is running already');
    if (this.#state === 'closed') throw new DisconnectedError(`read ${this.#plan.stream}`, false);
    const wanted = Math.min(options.maxMessages, this.#batchMessages);
    this.#ask();
    if (this.#buffer.length < wanted) {
      await this.#arrival(
        wanted,
        options.maxWaitMs ?? DURABLE_CONSUMER_DEFAULTS.fetchWaitMs,
        options.lingerMs ?? DURABLE_CONSUMER_DEFAULTS.fetchLingerMs,
      );
    }
    const messages = await this.#withoutDoubt(this.#buffer.splice(0, wanted));
    const last = messages.at(-1);
    if (last !== undefined) this.#handedOut = { sequence: last.sequence, timestampUs: last.timestampUs };
    this.#ask();
    return messages;
  }

  /**
   * Tells the server that this message and all before it are stored, and waits until it has taken note: unconfirmed, an acknowledgement
   * that is lost would only show as a redelivery later. Nothing happens for a message from before an interruption; the next one covers it.
   * @throws {RequestTimeoutError} @throws {NoResponderError} @throws {DisconnectedError} then what is not acknowledged is delivered again
   */
  async acknowledge(last: StreamMessage): Promise<void> {
    const delivered = last as DeliveredMessage;
    if (last.sequence > (this.#acknowledged?.sequence ?? 0)) {
      this.#acknowledged = { sequence: last.sequence, timestampUs: last.timestampUs };
    }
    if (this.#state !== 'flowing' || delivered.generation !== this.#pull) return;
    await this.#connection.request(delivered.acknowledgementSubject, '+ACK');
  }

  /** About how many messages wait to be given out, here and in the stream; 0 while nothing flows. */
  get backlog(): number {
    return this.#state === 'flowing' ? this.#buffer.length + this.#behind : 0;
  }

  /** Forgets what was given out since the last acknowledgement: it is given out again. */
  rewind(): void {
    this.#handedOut = undefined;
    this.#recover('rewound');
  }

  /** @throws {StreamMissingError} @throws {JetStreamError} also when the consumer is gone at this moment */
  async status(): Promise<ConsumerStatus | undefined> {
    const info = await consumerInfo(this.#connection, this.#plan);
    if (info === undefined) return undefined;
    return {
      pending: info.num_pending,
      ackPending: info.num_ack_pending,
      redelivered: info.num_redelivered,
      deliveredSequence: info.delivered.stream_seq,
      acknowledgedSequence: info.ack_floor.stream_seq,
    };
  }

  /** Stops reading; the server keeps the place. A running fetch returns what it has. */
  close(): void {
    this.#state = 'closed';
    this.#pull?.close();
    this.#waiting?.onArrival(true);
  }

  #ask(): void {
    const pull = this.#pull;
    if (this.#state !== 'flowing' || pull === undefined || pull.isOpen) return;
    if (this.#buffer.length >= this.#batchMessages) return;
    pull.request({
      messages: this.#batchMessages,
      // Less than one message would never be answered.
      bytes: Math.max(this.#batchBytes, 2 * this.#connection.maxPayload),
      expiresMs: PULL_EXPIRES_MS,
    });
  }

  #arrival(wanted: number, maxWaitMs: number, lingerMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
      const hasSome = this.#buffer.length > 0;
      let timer = setTimeout(end, hasSome ? lingerMs : maxWaitMs);
      let isLingering = hasSome;
      this.#waiting = {
        wanted,
        onArrival: (isEnough) => {
          if (isEnough) end();
          else if (!isLingering) {
            isLingering = true;
            clearTimeout(timer);
            timer = setTimeout(end, lingerMs);
          }
        },
      };
    });
  }

  #take(message: DeliveredMessage, pull: Pull): void {
    if (pull !== this.#pull || this.#state !== 'flowing') return;
    this.#deliverySequence += 1;
    if (message.deliverySequence !== this.#deliverySequence) {
      this.#recover(`delivery ${this.#deliverySequence} was lost`);
      return;
    }
    if (message.sequence <= this.#receivedSequence) return;
    this.#receivedSequence = message.sequence;
    message.generation = pull;
    if (message.sequence <= this.#deliveredBefore) message.redelivered = true;
    this.#buffer.push(message);
    this.#behind = message.pending;
    this.#waiting?.onArrival(this.#buffer.length >= this.#waiting.wanted);
  }

  /** Finds a loss that no later delivery would show. */
  #checkDelivered(deliverySequence: number): void {
    if (deliverySequence > this.#deliverySequence) this.#recover(`delivery ${deliverySequence} was lost`);
  }

  #onPullEnd(end: PullEnd, pull: Pull): void {
    if (pull !== this.#pull || this.#state !== 'flowing') return;
    if (end.type === 'lost') this.#recover(end.detail);
    else if (this.#waiting !== undefined) this.#ask();
  }

  #recover(detail: string): void {
    if (this.#state !== 'flowing') return;
    this.#state = 'recovering';
    this.#pull?.close();
    this.#emit({ type: 'lost', detail });
    const flowedMs = performance.now() - this.#flowingSinceMs;
    this.#quickLosses = flowedMs < SETTLED_MS ? this.#quickLosses + 1 : 0;
    void this.#recoverUntilDone();
  }

  async #recoverUntilDone(): Promise<void> {
    // Two readers of one durable take it from each other: with pauses both come on, without they would do nothing else.
    if (this.#quickLosses > 1) {
      const pauseMs = RECOVER_DELAYS_MS[this.#quickLosses - 2] ?? LAST_RECOVER_DELAY_MS;
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { ref: false });
    }
    for (let attempt = 0; this.#state === 'recovering'; attempt++) {
      try {
        await this.#connection.whenConnected();
        await this.#establish();
      } catch (error) {
        if (this.#connection.closed) this.close();
        const delayMs = RECOVER_DELAYS_MS[attempt];
        if (attempt === 1) this.#emit({ type: 'lost', detail: `not back yet: ${String(error)}` });
        await delay(delayMs ?? LAST_RECOVER_DELAY_MS, undefined, { ref: false });
      }
    }
  }

  /** The buffer goes: what was received and not given out comes again. */
  async #establish(): Promise<void> {
    const ready = await readyConsumer(this.#connection, this.#plan, {
      acknowledged: this.#acknowledged,
      handedOut: this.#handedOut,
      streamCreated: this.#streamCreated,
    });
    if (this.#state !== 'recovering') return;
    this.#streamCreated = ready.streamCreated;
    if (ready.resetReason !== undefined) {
      this.#emit({ type: 'stream-reset', detail: ready.resetReason });
      this.#handedOut = undefined;
      this.#acknowledged = { sequence: ready.nextSequence - 1 };
    }
    this.#buffer = [];
    this.#behind = 0;
    this.#deliverySequence = ready.deliverySequence;
    this.#deliveredBefore = ready.deliveredBefore;
    this.#receivedSequence = Math.max(ready.nextSequence - 1, this.#handedOut?.sequence ?? 0);
    this.#expectedSequence = this.#receivedSequence + 1;
    const pull: Pull = new Pull(this.#connection, this.#plan.stream, ready.name, {
      onMessage: (message) => {
        this.#take(message, pull);
      },
      onEnd: (end) => {
        this.#onPullEnd(end, pull);
      },
      onHeartbeat: (deliverySequence) => {
        if (pull === this.#pull) this.#checkDelivered(deliverySequence);
      },
    });
    this.#pull = pull;
    this.#state = 'flowing';
    this.#flowingSinceMs = performance.now();
    this.#emit({ type: 'ready', nextSequence: this.#expectedSequence });
    this.#ask();
  }

  /**
   * Reports what is missing before and between messages as gaps, once the stream has confirmed that it is gone. Deliveries are numbered
   * without a hole, but by a consumer that somebody else may have made anew behind our back, at a place of his.
   * @returns the messages before the first hole that is none: what follows is read again
   */
  async #withoutDoubt(messages: DeliveredMessage[]): Promise<DeliveredMessage[]> {
    if (this.#plan.filter !== undefined) return messages;
    const holes: Hole[] = [];
    let expected = this.#expectedSequence;
    for (const [place, { sequence }] of messages.entries()) {
      // Of a stream that is read for the first time nothing is missing, wherever it begins.
      if (sequence > expected && expected > 1) {
        holes.push({ place, fromSequence: expected, toSequence: sequence - 1 });
      }
      expected = sequence + 1;
    }
    if (holes.length === 0) {
      this.#expectedSequence = expected;
      return messages;
    }
    const generation = this.#pull;
    const doubtful = await firstDoubtful(this.#connection, this.#plan.stream, holes);
    // Made anew meanwhile, the consumer begins before these: they come again.
    if (generation !== this.#pull || this.#state === 'closed') return [];
    const certain = doubtful === undefined ? messages : messages.slice(0, doubtful.place);
    for (const { place, fromSequence, toSequence } of holes) {
      if (place < certain.length) this.#emit({ type: 'gap', fromSequence, toSequence });
    }
    const last = certain.at(-1);
    if (last !== undefined) this.#expectedSequence = last.sequence + 1;
    if (doubtful !== undefined) {
      if (last !== undefined) this.#handedOut = { sequence: last.sequence, timestampUs: last.timestampUs };
      this.#recover(`message ${doubtful.fromSequence} is in the stream and was passed over`);
    }
    return certain;
  }

  #emit(event: ConsumerEvent): void {
    this.#options.onEvent?.(event);
  }
}
