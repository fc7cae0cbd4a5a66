import { readAcknowledgement } from './acknowledgement-subject.ts';
import type { BusMessage } from './message.ts';

/** One message as a stream holds it. */
export interface StreamMessage {
  readonly subject: string;
  /** As {@link BusMessage.subjectBytes}. */
  readonly subjectBytes?: Uint8Array | undefined;
  /** As {@link BusMessage.data}: a view, to be copied when it is kept for long. */
  readonly data: Uint8Array;
  /** Its place in the stream. A number names a message only as long as the stream is not wiped or rolled back. */
  readonly sequence: number;
  /** When the stream stored it: Unix time in microseconds, UTC, by the server's clock. */
  readonly timestampUs: number;
  /** True when this consumer, or an earlier process on it, was given the message before. */
  readonly redelivered: boolean;
  /** A header's first value; the name is case-sensitive. */
  header(name: string): string | undefined;
}

/** A {@link StreamMessage} that a consumer delivered. */
export class DeliveredMessage implements StreamMessage {
  readonly sequence: number;
  readonly timestampUs: number;
  /** Counts deliveries of the consumer without a hole: a jump means that a delivery was lost on the way. */
  readonly deliverySequence: number;
  /** How many more messages the consumer had for its filter when this one left. */
  readonly pending: number;
  redelivered: boolean;
  /** The reader that received it: an acknowledgement of another one's means nothing to the server's present consumer. */
  generation: object | undefined;
  readonly #message: BusMessage;

  /** @param message one whose reply subject, `$JS.ACK...`, carries what is known of the delivery (ADR-15) */
  constructor(message: BusMessage) {
    const reply = message.replyBytes ?? Buffer.from(message.reply ?? '', 'latin1');
    const { deliveries, sequence, deliverySequence, timestampUs, pending } = readAcknowledgement(reply);
    this.redelivered = deliveries !== 1;
    this.sequence = sequence;
    this.deliverySequence = deliverySequence;
    this.timestampUs = timestampUs;
    this.pending = pending;
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get subjectBytes(): Uint8Array | undefined {
    return this.#message.subjectBytes;
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  get acknowledgementSubject(): string {
    return this.#message.reply ?? '';
  }

  header(name: string): string | undefined {
    return this.#message.header(name);
  }
}

/** A {@link StreamMessage} that a direct get returned: what is known of it comes as headers (ADR-31). */
export class StoredMessage implements StreamMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly redelivered = false;
  readonly #message: BusMessage;

  constructor(message: BusMessage) {
    this.subject = message.header('Nats-Subject') ?? '';
    this.sequence = Number(message.header('Nats-Sequence'));
    this.#message = message;
  }

  get data(): Uint8Array {
    return this.#message.data;
  }

  get timestampUs(): number {
    return microsecondsOf(this.#message.header('Nats-Time-Stamp') ?? '');
  }

  header(name: string): string | undefined {
    return this.#message.header(name);
  }
}

/** Microseconds of an RFC 3339 time in UTC with up to nine digits after the point. */
export function microsecondsOf(time: string): number {
  const [seconds = '', fraction = ''] = time.replace(/Z$/, '').split('.');
  return Date.parse(`${seconds}Z`) * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}
