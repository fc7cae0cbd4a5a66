import type { Anchor } from './anchor.ts';

/** How a durable consumer reads. Defaults: {@link DURABLE_CONSUMER_DEFAULTS}. */
export interface DurableConsumerOptions {
  readonly stream: string;
  /** Name under which the server keeps the place: `[A-Za-z0-9_-]+`. */
  readonly durable: string;
  /** Only subjects that match. Default: all of the stream; then holes in its sequence are reported as gaps. */
  readonly filter?: string | undefined;
  /**
   * The last message that the caller has stored, as it knows itself: reading goes on after it, whatever the server believes. Without it
   * the server's own record holds, and without that the stream's first message.
   */
  readonly after?: Anchor | undefined;
  /** How long the server waits for an acknowledgement before it delivers again. */
  readonly ackWaitMs?: number | undefined;
  /** Most messages that are asked for at once, and held here beside those given out. */
  readonly batchMessages?: number | undefined;
  /** As `batchMessages`, in bytes; at least twice the server's max_payload is used. */
  readonly batchBytes?: number | undefined;
  /** Default 4 batches: what may be delivered and not yet acknowledged. */
  readonly maxAckPending?: number | undefined;
  /** The server forgets the consumer when nobody has read for so long; 0: never. Whoever knows its own place (`after`) loses nothing by that. */
  readonly inactiveMs?: number | undefined;
  readonly onEvent?: ((event: ConsumerEvent) => void) | undefined;
}

export const DURABLE_CONSUMER_DEFAULTS = {
  ackWaitMs: 60_000,
  batchMessages: 1_000,
  batchBytes: 8 * 1024 * 1024,
  inactiveMs: 0,
  fetchWaitMs: 1_000,
  fetchLingerMs: 50,
} as const;

/**
 * - `gap`: the stream no longer has these messages, and they were not read (discarded by age or size, or deleted); the stream was asked,
 *   except for the smaller ones of many holes at once ({@link MOST_HOLES_ASKED_FOR});
 * - `stream-reset`: the stream was wiped or rolled back, so it is read again from the last message that is certain, or its first;
 * - `lost`: deliveries were interrupted, what was on its way is read again; `ready`: that is done.
 */
export type ConsumerEvent =
  | { readonly type: 'gap'; readonly fromSequence: number; readonly toSequence: number }
  | { readonly type: 'stream-reset'; readonly detail: string }
  | { readonly type: 'lost'; readonly detail: string }
  | { readonly type: 'ready'; readonly nextSequence: number };

/** Holes in the sequences of one fetch about which the stream is asked one by one. Whoever takes messages away makes one, a purge by subject makes thousands. */
export const MOST_HOLES_ASKED_FOR = 16;

export interface FetchOptions {
  readonly maxMessages: number;
  /** How long to wait for a first message. */
  readonly maxWaitMs?: number | undefined;
  /** How long to wait for more after it. */
  readonly lingerMs?: number | undefined;
}

export interface ConsumerStatus {
  /** Messages that the consumer has not yet delivered. */
  readonly pending: number;
  /** Delivered and not yet acknowledged. */
  readonly ackPending: number;
  readonly redelivered: number;
  readonly deliveredSequence: number;
  readonly acknowledgedSequence: number;
}
