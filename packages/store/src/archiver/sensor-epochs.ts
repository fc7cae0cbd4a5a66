import { RESEND_HEADER, resendMark } from '@katbus/protocol';
import type { StreamMessage } from '@katbus/bus/nats';

/** Older epochs that a sample published again may still come from. */
const MOST_OLDER = 8;

/**
 * The clock epochs of one sensor (SUBJECTS.md, "Clock epochs"), numbered by when the stream took the announcement of each: the name that a
 * component gives to an epoch has no order. 0 is before the first announcement.
 */
export class SensorEpochs {
  #clockEpoch: number | undefined;
  /** The number of the epoch that holds, and of the one before. */
  #since = 0;
  #before = 0;
  readonly #older = new Map<string, number>();

  /** As the catalogue has them. @param since of the newest that is known */
  constructor(clockEpoch: number | undefined, since: number) {
    this.#clockEpoch = clockEpoch;
    this.#since = since;
  }

  /** Attributes were announced, with or without an epoch; another one than before begins there. */
  announced(clockEpoch: number | undefined, { timestampUs, header }: EpochMessage): void {
    const mark = header(RESEND_HEADER);
    // Published again after newer ones: it names an epoch that is over.
    const isLate = mark !== undefined && this.#older.has(mark);
    if (clockEpoch === this.#clockEpoch || isLate) return;
    this.#older.set(resendMark(this.#clockEpoch), this.#since);
    const [oldest] = this.#older.keys();
    if (this.#older.size > MOST_OLDER && oldest !== undefined) this.#older.delete(oldest);
    this.#older.delete(resendMark(clockEpoch));
    this.#clockEpoch = clockEpoch;
    this.#before = this.#since;
    this.#since = Math.max(timestampUs, this.#since + 1);
  }

  /** The number of a sample's epoch. */
  of({ timestampUs, header }: EpochMessage): number {
    const mark = header(RESEND_HEADER);
    if (mark !== undefined && mark !== resendMark(this.#clockEpoch)) return this.#older.get(mark) ?? 0;
    // Delivered once more, after the announcement that it preceded.
    return timestampUs < this.#since ? this.#before : this.#since;
  }
}

/** What is asked of a message of the stream. */
export interface EpochMessage {
  readonly timestampUs: number;
  readonly header: (name: string) => string | undefined;
}

export function epochMessage(message: StreamMessage): EpochMessage {
  return { timestampUs: message.timestampUs, header: (name) => message.header(name) };
}
