import type { ColumnBlock } from '../backend/column-block.ts';
import type { SampleSummary } from '../backend/sample-summary.ts';
import { VALUE_KIND } from '../backend/value-column.ts';

/** What is kept beside a chunk, in columns of its own. Of values that are neither numbers nor NaN it knows only that they are there. */
export interface ChunkSummary extends SampleSummary {
  /** Samples that are numbers, infinities among them, NaN and booleans not. `numbers + nans === count`: there is nothing else. */
  readonly numbers: number;
}

/** In the order of the columns of both archives' tables of chunks, from `first_t` to `worst`. */
export function summaryValues(summary: ChunkSummary): number[] {
  const { firstUs, lastUs, count, numbers, nans, min, max, sum, firstValue, lastValue, worst } = summary;
  return [firstUs, lastUs, count, numbers, nans, min, max, sum, firstValue, lastValue, worst];
}

/** @param block one sample at least */
export function summaryOf(block: ColumnBlock): ChunkSummary {
  const { length, timesUs, kinds, statuses, numbers: values } = block;
  let numbers = 0;
  let nans = 0;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (let place = 0; place < length; place++) {
    const kind = kinds[place]!;
    if (kind === VALUE_KIND.nan) nans++;
    if (kind !== VALUE_KIND.number) continue;
    const value = values[place]!;
    numbers++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const valueAt = (place: number) => (kinds[place] === VALUE_KIND.number ? values[place]! : NaN);
  return {
    count: length,
    numbers,
    nans,
    min: numbers > 0 ? min : NaN,
    max: numbers > 0 ? max : NaN,
    sum: numbers > 0 ? sum : NaN,
    firstUs: timesUs[0]!,
    lastUs: timesUs[length - 1]!,
    firstValue: valueAt(0),
    lastValue: valueAt(length - 1),
    worst: statuses.reduce((worst, status) => Math.max(worst, status)),
  };
}
