import type { StreamMessage } from '@katbus/bus/nats';
import { SampleBatch, type NumberedSensors } from '../backend/sample-batch.ts';
import type {
  AttributesRow,
  GapRow,
  QuarantineReason,
  QuarantineRow,
  StreamFloor,
  WriteBatch,
} from '../backend/write-batch.ts';

export interface BatchBounds {
  /** Messages of the stream. */
  readonly messages: number;
  /** Payload bytes; passed by at most what the consumer gives out at once. */
  readonly bytes: number;
}

/** What the archiver gathers from the stream until it is written. */
export class Batch {
  readonly samples: SampleBatch;
  readonly attributes: AttributesRow[] = [];
  readonly quarantine: QuarantineRow[] = [];
  readonly gaps: GapRow[] = [];
  /** The last message taken in, whatever became of it: acknowledging it acknowledges all of the batch. */
  last: StreamMessage | undefined;
  messages = 0;
  redelivered = 0;
  /** When it is to be written even if it is not full, by the clock of performance.now(): as soon as may be, and at the latest. */
  dueMs = Infinity;
  overdueMs = Infinity;
  readonly #bounds: BatchBounds;
  #bytes = 0;

  constructor(bounds: BatchBounds, sensors: NumberedSensors) {
    this.#bounds = bounds;
    this.samples = new SampleBatch(sensors, bounds.messages);
  }

  /** Counts a message in; what it holds is added apart. */
  count(message: StreamMessage): void {
    this.last = message;
    this.messages++;
    this.#bytes += message.data.length;
    if (message.redelivered) this.redelivered++;
  }

  quarantined(message: StreamMessage, reason: QuarantineReason, field: string, text: string): void {
    const { sequence, timestampUs, subject, data } = message;
    // A copy: the data is a view of the socket's buffer, which would be kept, and sent to the writing thread, as a whole.
    const payload = data.slice();
    this.quarantine.push({ sequence, receivedUs: timestampUs, subject, reason, field, text, payload });
  }

  get isEmpty(): boolean {
    return this.messages === 0;
  }

  get isFull(): boolean {
    return this.messages >= this.#bounds.messages || this.#bytes >= this.#bounds.bytes;
  }

  /** How many messages it still takes. */
  get room(): number {
    return this.#bounds.messages - this.messages;
  }

  toWrite(floor: StreamFloor | undefined): WriteBatch {
    const { samples, attributes, quarantine, gaps } = this;
    return { samples, attributes, quarantine, gaps, floor };
  }
}
