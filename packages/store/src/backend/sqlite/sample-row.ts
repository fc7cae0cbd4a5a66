import type { SQLOutputValue } from 'node:sqlite';
import { STATUSES } from '@katbus/protocol';
import type { StoredSample } from '../stored-sample.ts';
import { valueOf } from '../value-column.ts';

/** The columns of a sample, in the order that {@link toSample} reads. */
export const SAMPLE_COLUMNS = 't, value_t, status, kind, value, text';

/** @param row an array of {@link SAMPLE_COLUMNS} */
export function toSample(row: readonly SQLOutputValue[]): StoredSample {
  const [timeUs, valueTimeUs, status, kind, value, text] = row;
  const name = STATUSES[status as number];
  if (name === undefined) throw new Error(`status ${String(status)} is not known`);
  return {
    timeUs: timeUs as number,
    valueTimeUs: valueTimeUs as number,
    status: name,
    value: valueOf(kind ?? null, value ?? null, text ?? null),
  };
}
