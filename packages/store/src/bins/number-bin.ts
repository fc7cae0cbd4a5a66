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
  /** Whether all of them are numbers. */
  readonly isPlain: boolean;
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

  /** Rows from..end. What an archive is read for most: every look at a sample counts. */
  add(columns: NumberColumns, from: number, end: number): void {
    const { timesUs, numbers, statuses } = columns;
    for (let row = from; statuses !== undefined && row < end; row++) {
      if (statuses[row]! > this.worst) this.worst = statuses[row]!;
    }
    if (columns.isPlain) {
      this.#addNumbers(numbers, from, end);
      this.#ends(numbers[from]!, timesUs[from]!, numbers[end - 1]!, timesUs[end - 1]!);
    } else this.#addMixed(columns, from, end);
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

  #addNumbers(numbers: Float64Array, from: number, end: number): void {
    let { min, max } = this;
    let { sum, error } = this.sum;
    for (let row = from; row < end; row++) {
      const value = numbers[row]!;
      if (value < min) min = value;
      if (value > max) max = value;
      // CompensatedSum.add by hand: a call would cost as much as all the rest.
      const next = sum + value;
      const added = next - sum;
      error += sum - (next - added) + (value - added);
      sum = next;
    }
    this.min = min;
    this.max = max;
    this.sum.sum = sum;
    this.sum.error = error;
    this.count += end - from;
  }

  #addMixed({ timesUs, kinds, numbers }: NumberColumns, from: number, end: number): void {
    for (let row = from; row < end; row++) {
      const kind = kinds[row];
      if (kind === VALUE_KIND.number) this.#addNumbers(numbers, row, row + 1);
      else if (kind === VALUE_KIND.nan) this.nan++;
      else {
        this.none++;
        continue;
      }
      this.#ends(numbers[row]!, timesUs[row]!, numbers[row]!, timesUs[row]!);
    }
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
