import type { ColumnBlock } from '../backend/column-block.ts';
import { VALUE_KIND } from '../backend/value-column.ts';

/** The numbers of a block, NaN left out, with their times in microseconds. */
export interface NumberRows {
  readonly values: Float64Array;
  readonly timesUs: Float64Array;
}

export function numberRows({ kinds, numbers, timesUs, length }: ColumnBlock): NumberRows {
  const isNumber = (_: number, row: number) => kinds[row] === VALUE_KIND.number;
  if (kinds.every((kind) => kind === VALUE_KIND.number)) {
    return { values: numbers.slice(0, length), timesUs: timesUs.slice(0, length) };
  }
  return { values: numbers.filter(isNumber), timesUs: timesUs.filter(isNumber) };
}

/** The place in STATUSES of the worst status. */
export function worstRank({ statuses }: ColumnBlock): number {
  return statuses.reduce((worst, rank) => Math.max(worst, rank), 0);
}
