import type { SQLOutputValue } from 'node:sqlite';
import type { ColumnBlock } from '../column-block.ts';
import { newColumns } from '../sample-block.ts';

/**
 * Rows of a day file by columns.
 * @param rows arrays of SAMPLE_COLUMNS, in order of time
 */
export function toBlock(rows: readonly (readonly SQLOutputValue[])[]): ColumnBlock {
  const { length } = rows;
  const columns = newColumns(length);
  const { timesUs, valueTimesUs, statuses, kinds, numbers } = columns;
  let texts: (string | undefined)[] | undefined;
  for (let place = 0; place < length; place++) {
    const row = rows[place]!;
    timesUs[place] = row[0] as number;
    valueTimesUs[place] = row[1] as number;
    statuses[place] = row[2] as number;
    kinds[place] = row[3] as number;
    numbers[place] = row[4] === null ? NaN : (row[4] as number);
    if (row[5] !== null) {
      texts ??= new Array<string | undefined>(length).fill(undefined);
      texts[place] = row[5] as string;
    }
  }
  return { ...columns, texts };
}
