import { STREAMS, storedMessage, type BusConnection } from '@katbus/bus/nats';
import { attributesSubject, encodeSample, normalisedName, sensorSubject } from '@katbus/protocol';
import { toWire } from '../backend/stored-sample.ts';
import type { QuarantineRow } from '../backend/write-batch.ts';
import type { PoisonItem } from './poison-search.ts';

/** The message that brought a row which the back end will never take: as the stream has it, or, where it has none any more, as it was read. */
export async function poisonRow(
  connection: BusConnection,
  item: PoisonItem,
  error: unknown,
): Promise<QuarantineRow> {
  const text = error instanceof Error ? error.message : String(error);
  const fault = { reason: 'poison', text, field: '(payload)' } as const;
  if (item.kind === 'attributes') {
    const { row } = item;
    const payload = Buffer.from(JSON.stringify(row.attributes));
    const subject = attributesSubject(row.component);
    return { sequence: 0, receivedUs: row.fromUs, subject, payload, ...fault };
  }
  const { row } = item;
  const { sequence = 0, timeUs } = row;
  const subject = sensorSubject('archive', row);
  const stored = await storedMessage(connection, STREAMS.archive, sequence).catch(() => undefined);
  if (stored?.subject === subject) {
    return { sequence, receivedUs: stored.timestampUs, subject, payload: stored.data.slice(), ...fault };
  }
  const name = normalisedName(row);
  const payload = encodeSample(name, timeUs, row.valueTimeUs, row.status, toWire(row.value));
  return { sequence, receivedUs: timeUs, subject, payload: Buffer.from(payload), ...fault };
}
