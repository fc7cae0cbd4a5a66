import type { StreamMessage } from '@katbus/bus/nats';
import type { QuarantinedRow, WriteBatch } from '../backend/write-batch.ts';
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

/** A message that is good now. */
export interface GoodMessage {
  readonly id: number;
  readonly batch: WriteBatch;
}

/** Messages decoded with the attributes of today: those that are good now, and why the others are not. */
export function decodeAgain(
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
export function joined(messages: readonly GoodMessage[]): WriteBatch {
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
