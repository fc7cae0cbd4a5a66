import { StoreError } from '../../../errors.ts';
import type { ColumnBlock } from '../../column-block.ts';
import { newColumns } from '../../sample-block.ts';
import { hasValue, textOf, VALUE_KIND } from '../../value-column.ts';
import type { LayoutBatch } from '../layout.ts';
import { compositeKey, type SampleTable } from './sample-table.ts';

/** As bytes in a batch: names and times, then 16 bytes beside each of five cells. */
const ROW_BYTES = 180;
/** Of one element of a list: its length, then eight bytes. */
const ELEMENT_BYTES = 12;

/**
 * Table `mon`: the columns of CTA's monitoring (assembly, name, serial number, source and server timestamp, units, environment, data), in partitions
 * that end, and beside them what it has no place for: `status`, `kind`, and `text` for what is not numbers. Times are microseconds.
 */
export const MON_TABLE: SampleTable = {
  create: `CREATE TABLE IF NOT EXISTS mon (
    assembly text, name text, bucket bigint, server_timestamp bigint, source_timestamp bigint,
    serial_number text STATIC, units text STATIC, environment text STATIC,
    data frozen<list<double>>, status tinyint, kind tinyint, text text,
    PRIMARY KEY ((assembly, name, bucket), server_timestamp))`,

  insert: `INSERT INTO mon (assembly, name, bucket, server_timestamp, source_timestamp, status, kind, data, text)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,

  valuesOf(batch, row, sensor, bucket, receivedUs) {
    const { columns } = batch;
    const kind = columns.kinds[row]!;
    const data = dataOf(batch, row);
    return [
      sensor.component,
      sensor.sensor,
      bucket.fromUs,
      columns.times[row]!,
      columns.valueTimes[row]!,
      columns.statuses[row]!,
      kind,
      data,
      data === undefined && kind !== VALUE_KIND.none ? columns.texts.get(row) : undefined,
      receivedUs,
    ];
  },

  bytesOf(batch, row) {
    const text = batch.columns.texts.get(row);
    if (text === undefined) return ROW_BYTES;
    // An element takes two characters at least: the digit and the comma.
    const isArray = batch.columns.kinds[row] === VALUE_KIND.array;
    return ROW_BYTES + (isArray ? (ELEMENT_BYTES / 2) * text.length : Buffer.byteLength(text));
  },

  select: `SELECT server_timestamp, source_timestamp, status, kind, data, text FROM mon
    WHERE assembly = ? AND name = ? AND bucket = ? AND server_timestamp >= ? AND server_timestamp < ?`,
  selectLast: `SELECT server_timestamp, source_timestamp, status, kind, data, text FROM mon
    WHERE assembly = ? AND name = ? AND bucket = ? AND server_timestamp < ? ORDER BY server_timestamp DESC LIMIT 1`,

  keyOf: (sensor, bucket) => [sensor.component, sensor.sensor, bucket.fromUs],
  keyBytesOf: (sensor, bucket) => compositeKey(sensor.component, sensor.sensor, bucket.fromUs),

  toBlock(cells): ColumnBlock {
    const { length } = cells;
    const columns = newColumns(length);
    const { timesUs, valueTimesUs, statuses, kinds, numbers } = columns;
    let texts: (string | undefined)[] | undefined;
    for (let place = 0; place < length; place++) {
      timesUs[place] = cells.bigint();
      valueTimesUs[place] = cells.bigint();
      statuses[place] = cells.tinyint();
      const kind = cells.tinyint();
      kinds[place] = kind;
      const data = cells.doubles();
      const text = cells.text();
      const isOne = hasValue(kind);
      numbers[place] = isOne ? (data?.[0] ?? NaN) : NaN;
      if (isOne || kind === VALUE_KIND.none) continue;
      texts ??= new Array<string | undefined>(length).fill(undefined);
      // The driver reads an empty list as null.
      texts[place] = kind === VALUE_KIND.array ? textOf(data ?? []) : text;
    }
    return { ...columns, texts };
  },

  description: {
    insert: `INSERT INTO mon (assembly, name, bucket, serial_number, units, environment) VALUES (?, ?, ?, ?, ?, ?)`,
    textsOf: ({ serial_number: serial, units, environment }) => [serial, units, environment].map(asText),
  },
};

/** A number is a list of one. */
function dataOf({ columns }: LayoutBatch, row: number): number[] | undefined {
  switch (columns.kinds[row]) {
    case VALUE_KIND.number:
    case VALUE_KIND.nan:
    case VALUE_KIND.boolean:
      return [columns.values[row]!];
    case VALUE_KIND.array: {
      const text = columns.texts.get(row);
      if (text === undefined)
        throw new StoreError('REFUSED', `sample ${row} is an array without elements' text`);
      return (JSON.parse(text) as (number | string)[]).map(Number);
    }
    default:
      return undefined;
  }
}

function asText(field: unknown): string | null {
  return typeof field === 'string' ? field : field === undefined ? null : JSON.stringify(field);
}
