import type { StreamMessage } from '@katbus/bus/nats';
import type { QuarantinedRow, WriteBatch } from '../backend/write-batch.ts';
import { StoreError } from '../errors.ts';
import { Batch } from './batch.ts';
import { Decoder } from './decoder.ts';
import type { SensorBook } from './sensor-book.ts';

export interface RetryRefusal {
  readonly id: number;
  readonly reason: string;
  readonly text: string;
}

export interface RetryOutcome {
  /** Ids. */
  readonly stored: readonly number[];
  readonly refused: readonly RetryRefusal[];
}

/**
 * Decodes messages with the attributes of today and stores those that are good now.
 * @param write one batch; called again with less after the back end has refused a row of it
 * @throws {StoreError} when the back end cannot write now
 */
export async function storeAgain(
  rows: readonly QuarantinedRow[],
  book: SensorBook,
  write: (batch: WriteBatch) => Promise<void>,
): Promise<RetryOutcome> {
  const { good, refused } = decodeAgain(rows, book);
  const stored: number[] = [];
  // Together, as long as the back end takes them so; then by halves, to find those that it does not take.
  const waiting = [good];
  for (let messages = waiting.pop(); messages !== undefined; messages = waiting.pop()) {
    if (messages.length === 0) continue;
    try {
      await write(joined(messages));
      stored.push(...messages.map(({ id }) => id));
    } catch (error) {
      if (error instanceof StoreError && error.code !== 'REFUSED') throw error;
      const middle = Math.floor(messages.length / 2);
      const text = error instanceof Error ? error.message : String(error);
      if (middle > 0) waiting.push(messages.slice(middle), messages.slice(0, middle));
      else refused.push({ id: messages[0]!.id, reason: 'poison', text });
    }
  }
  return { stored, refused };
}

/** A message that is good now. */
interface GoodMessage {
  readonly id: number;
  readonly batch: WriteBatch;
}

/** Messages decoded with the attributes of today: those that are good now, and why the others are not. */
function decodeAgain(
  rows: readonly QuarantinedRow[],
  book: SensorBook,
): { good: GoodMessage[]; refused: RetryRefusal[] } {
  const decoder = new Decoder(book, undefined, 'of-today');
  const good: GoodMessage[] = [];
  const refused: RetryRefusal[] = [];
  for (const row of rows) {
    const batch = new Batch({ messages: 1, bytes: Infinity }, book);
    decoder.take(messageOf(row), batch);
    const [fault] = batch.quarantine;
    if (fault === undefined) good.push({ id: row.id, batch: batch.toWrite(undefined) });
    else refused.push({ id: row.id, reason: fault.reason, text: fault.text });
  }
  return { good, refused };
}

/** Several as one batch, in their order. */
function joined(messages: readonly GoodMessage[]): WriteBatch {
  return {
    samples: messages.flatMap(({ batch }) => [...batch.samples]),
    attributes: messages.flatMap(({ batch }) => batch.attributes),
    quarantine: [],
    gaps: [],
  };
}

/** As the stream gave it, but for its headers, which the quarantine does not keep. */
function messageOf({ subject, payload, sequence, receivedUs }: QuarantinedRow): StreamMessage {
  return {
    subject,
    data: payload,
    sequence,
    timestampUs: receivedUs,
    redelivered: true,
    header: () => undefined,
  };
}
