import { decodeFloat, encodeFloat, STATUSES, toSeconds, type BinColumn } from '@katbus/protocol';
import type { SampleSummary } from '../backend/sample-summary.ts';
import { VALUE_KIND } from '../backend/value-column.ts';
import { CompensatedSum } from './compensated-sum.ts';

/** The columns that the bin of a numeric sensor is made of, taken from a block once: each look at a block's own may cost. */
export interface NumberColumns {
  readonly timesUs: Float64Array;
  readonly kinds: Uint8Array;
  readonly numbers: Float64Array;
  /** undefined: nobody asks for the worst. */
  readonly statuses: Uint8Array | undefined;
}

/** What the samples of one bin come to. */
export class NumberBin {
  readonly bin: number;
  count = 0;
  nan = 0;
  none = 0;
  sum = new CompensatedSum();
  min = Infinity;
  max = -Infinity;
  first = 0;
  /** NaN: there is none yet. */
  firstUs = NaN;
  last = 0;
  lastUs = NaN;
  worst = 0;

  constructor(bin: number) {
    this.bin = bin;
  }

  /** Rows from..end. */
  add({ timesUs, kinds, numbers, statuses }: NumberColumns, from: number, end: number): void {
    for (let row = from; statuses !== undefined && row < end; row++) {
      if (statuses[row]! > this.worst) this.worst = statuses[row]!;
    }
    let { min, max } = this;
    let { sum, error } = this.sum;
    let left = 0;
    for (let row = from; row < end; row++) {
      const value = numbers[row]!;
      if (kinds[row] !== VALUE_KIND.number) {
        left++;
        continue;
      }
      if (value < min) min = value;
      if (value > max) max = value;
      // CompensatedSum.add by hand: a call would cost as much as all the rest.
      const next = sum + value;
      error += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    }
    this.min = min;
    this.max = max;
    this.sum.sum = sum;
    this.sum.error = error;
    for (let row = from; left > 0 && row < end; row++) {
      if (kinds[row] === VALUE_KIND.nan) this.nan++;
      else if (kinds[row] !== VALUE_KIND.number) this.none++;
    }
    let first = from;
    while (first < end && !hasNumber(kinds[first]!)) first++;
    if (first < end) {
      let last = end - 1;
      while (!hasNumber(kinds[last]!)) last--;
      this.#ends(numbers[first]!, timesUs[first]!, numbers[last]!, timesUs[last]!);
    }
    this.count += end - from - left;
  }

  addSummary({
    count,
    nans,
    min,
    max,
    sum,
    firstUs,
    lastUs,
    firstValue,
    lastValue,
    worst,
  }: SampleSummary): void {
    if (worst > this.worst) this.worst = worst;
    this.#ends(firstValue, firstUs, lastValue, lastUs);
    this.nan += nans;
    if (count === nans) return;
    this.count += count - nans;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    this.sum.add(sum);
  }

  /** Never outside of what there was: rounding, and a sum beyond the range of doubles, could put it there. */
  get mean(): number {
    const mean = this.sum.value / this.count;
    return Number.isNaN(mean) ? mean : Math.min(Math.max(mean, this.min), this.max);
  }

  /** As it travels. */
  read(column: BinColumn): number | string | null {
    const value = READ[column](this);
    return typeof value === 'number' ? encodeFloat(value) : value;
  }

  toCarried(): unknown[] {
    const { bin, count, nan, none, sum, min, max, first, firstUs, last, lastUs, worst } = this;
    const { sum: plain, error } = sum;
    return [bin, count, nan, none, firstUs, lastUs, worst, plain, error, min, max, first, last].map(
      encodeFloat,
    );
  }

  static fromCarried(carried: readonly unknown[]): NumberBin {
    const [bin = 0, count = 0, nan = 0, none = 0, firstUs = 0, lastUs = 0, worst = 0, ...floats] =
      carried.map((element) => decodeFloat(element) ?? 0);
    const [sum, error, min = 0, max = 0, first = 0, last = 0] = floats;
    const opened = { count, nan, none, firstUs, lastUs, worst, min, max, first, last };
    return Object.assign(new NumberBin(bin), { ...opened, sum: new CompensatedSum(sum, error) });
  }

  #ends(first: number, firstUs: number, last: number, lastUs: number): void {
    if (Number.isNaN(this.firstUs)) {
      this.first = first;
      this.firstUs = firstUs;
    }
    this.last = last;
    this.lastUs = lastUs;
  }
}

function hasNumber(kind: number): boolean {
  return kind === VALUE_KIND.number || kind === VALUE_KIND.nan;
}

const READ: Readonly<Record<BinColumn, (bin: NumberBin) => number | string | null>> = {
  count: ({ count }) => count,
  nan: ({ nan }) => nan,
  none: ({ none }) => none,
  min: ({ count, min }) => (count === 0 ? null : min),
  max: ({ count, max }) => (count === 0 ? null : max),
  mean: ({ count, mean }) => (count === 0 ? null : mean),
  status: ({ worst }) => STATUSES[worst]!,
  first: ({ first, firstUs }) => (Number.isNaN(firstUs) ? null : first),
  firstTime: ({ firstUs }) => (Number.isNaN(firstUs) ? null : toSeconds(firstUs)),
  last: ({ last, lastUs }) => (Number.isNaN(lastUs) ? null : last),
  lastTime: ({ lastUs }) => (Number.isNaN(lastUs) ? null : toSeconds(lastUs)),
};
