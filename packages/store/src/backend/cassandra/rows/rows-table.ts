import type { ColumnBlock } from '../../column-block.ts';
import { newColumns } from '../../sample-block.ts';
import { hasText, hasValue } from '../../value-column.ts';
import { compositeKey, type SampleTable } from './sample-table.ts';

/** As bytes in a batch: key and times, then 16 bytes beside each of five cells. */
const ROW_BYTES = 130;

/** Table `samples`: what each kind of value is kept as is that of a day file, but for NaN, which Cassandra has. */
export const ROWS_TABLE: SampleTable = {
  create: `CREATE TABLE IF NOT EXISTS samples (
    sensor bigint, bucket bigint, t bigint, value_t bigint, status tinyint, kind tinyint, value double, text text,
    PRIMARY KEY ((sensor, bucket), t))`,

  insert: `INSERT INTO samples (sensor, bucket, t, value_t, status, kind, value, text)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,

  valuesOf({ columns }, row, sensor, bucket, receivedUs) {
    const kind = columns.kinds[row]!;
    return [
      sensor.id,
      bucket.fromUs,
      columns.times[row]!,
      columns.valueTimes[row]!,
      columns.statuses[row]!,
      kind,
      // Unset, not null: a null is a tombstone. What an older row left there is not read, `kind` is.
      hasValue(kind) ? columns.values[row] : undefined,
      hasText(kind) ? columns.texts.get(row) : undefined,
      receivedUs,
    ];
  },

  bytesOf({ columns }, row) {
    const text = columns.texts.get(row);
    return text === undefined ? ROW_BYTES : ROW_BYTES + Buffer.byteLength(text);
  },

  select: `SELECT t, value_t, status, kind, value, text FROM samples WHERE sensor = ? AND bucket = ? AND t >= ? AND t < ?`,
  selectLast: `SELECT t, value_t, status, kind, value, text FROM samples WHERE sensor = ? AND bucket = ? AND t < ? ORDER BY t DESC LIMIT 1`,

  keyOf: (sensor, bucket) => [sensor.id, bucket.fromUs],
  keyBytesOf: (sensor, bucket) => compositeKey(sensor.id, bucket.fromUs),

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
      const number = cells.double();
      numbers[place] = hasValue(kind) ? number : NaN;
      const text = cells.text();
      if (!hasText(kind)) continue;
      texts ??= new Array<string | undefined>(length).fill(undefined);
      texts[place] = text;
    }
    return { ...columns, texts };
  },
};
