import { types } from 'cassandra-driver';
import type { CellPage } from './cell-page.ts';
import type { CqlRow, CqlValue } from './cql-session.ts';
import { FrameCells } from './frame-cells.ts';
import { ValueCells } from './value-cells.ts';

const { bigint, counter, uuid, timeuuid, timestamp } = types.dataTypes;
const TO_VALUE: ReadonlyMap<number, (value: never) => CqlValue> = new Map<number, (value: never) => CqlValue>(
  [
    [bigint, (value: types.Long) => value.toNumber()],
    [counter, (value: types.Long) => value.toNumber()],
    [uuid, (value: types.Uuid) => value.toString()],
    [timeuuid, (value: types.TimeUuid) => value.toString()],
    [timestamp, (value: Date) => value.getTime()],
  ],
);

/** The rows of an answer, with values as ours are. The rows are changed in their place. */
export function toCqlRows(answer: types.ResultSet): CqlRow[] {
  const rows = (answer.rows ?? []) as unknown as Record<string, unknown>[];
  for (const { name, type } of answer.columns ?? []) {
    const toValue = TO_VALUE.get(type.code);
    if (toValue === undefined) continue;
    for (const row of rows) {
      const value = row[name];
      if (value !== null && value !== undefined) row[name] = toValue(value as never);
    }
  }
  return rows as unknown as CqlRow[];
}

/** The cells of an answer whose rows were asked for raw. */
export function toCells(answer: types.ResultSet): CellPage {
  const rows: unknown = answer.rows;
  if (rows instanceof FrameCells) return rows;
  return new ValueCells(
    toCqlRows(answer),
    (answer.columns ?? []).map(({ name }) => name),
  );
}

/** Values as the driver takes them: it knows bytes as `Buffer` only. */
export function toDriverValues(values: readonly CqlValue[]): unknown[] {
  return values.map((value) =>
    value instanceof Uint8Array && !Buffer.isBuffer(value)
      ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      : value,
  );
}
