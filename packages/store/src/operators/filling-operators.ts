import { STATUSES, type OperatorName, type SampleValue, type Status } from '@katbus/protocol';
import type { ColumnBlock } from '../backend/column-block.ts';
import { blockOf, sampleAt } from '../backend/sample-block.ts';
import { fromWire, toWire, type StoredSample, type StoredValue } from '../backend/stored-sample.ts';
import { binAt, binsOf, startOfBin, type BinGrid } from '../bins/bin-grid.ts';
import { numberRows, worstRank, type NumberRows } from './number-rows.ts';
import type { Given, OperatorContext, OperatorRun } from './operator-run.ts';
import { sampleBins } from './sample-bins.ts';
import * as statistics from './statistics.ts';

/** What a bin gives; undefined: nothing, it is filled like one without samples. */
interface BinValue {
  readonly value: StoredValue;
  readonly status: Status;
  /** The sample that it is; absent: it was computed. */
  readonly sample?: StoredSample | undefined;
}
type BinValueOf = (samples: ColumnBlock, middleUs: number) => BinValue | undefined;

/** What a bin without a value gives, from what the one before gave; undefined: nothing. */
type FillOf = (before: BinValue) => BinValue | undefined;

const repeat: FillOf = (before) => before;

/** Runs an operator that gives one sample a bin, at its middle, and fills what is empty. */
export function filling(
  valueOf: BinValueOf,
  fillOf: FillOf,
  gridOf = (context: OperatorContext) => context.grid,
): OperatorRun {
  return async function* run(context) {
    const { from, operator } = context.query;
    const grid = gridOf(context);
    const fill = operator.fills ? fillOf : () => undefined;
    let before =
      from === undefined ? await entering(context, valueOf, grid) : await carriedValue(context, from.carried);
    let next = from === undefined ? 0 : binAt(grid, from.atUs);
    const given = (bin: number, value: BinValue | undefined): Given => ({
      sample: value === undefined ? undefined : toSample(value, middleOf(grid, bin)),
      atUs: Math.max(startOfBin(grid, bin + 1), grid.startUs),
      carried: before === undefined ? undefined : toCarried(before),
    });
    function* fillTo(end: number): Generator<Given, void, undefined> {
      for (; next < end; next++) {
        // Without anything to repeat there is nothing to say bin by bin.
        if (before === undefined || !operator.fills) next = end - 1;
        else before = fill(before);
        yield given(next, operator.fills ? before : undefined);
      }
    }
    const fromUs = from?.atUs ?? grid.startUs;
    for await (const { bin, samples } of sampleBins(grid, context.read(fromUs))) {
      yield* fillTo(bin);
      const value = samples === undefined ? undefined : valueOf(samples, middleOf(grid, bin));
      // A bin in which nothing has a value is filled when the next one is known to begin.
      if (value === undefined) continue;
      before = value;
      next = bin + 1;
      yield given(bin, value);
    }
    yield* fillTo(binsOf(grid));
  };
}

async function entering(
  context: OperatorContext,
  valueOf: BinValueOf,
  grid: BinGrid,
): Promise<BinValue | undefined> {
  if (!context.query.operator.fills) return undefined;
  const sample = await context.lastBefore(grid.startUs);
  return sample === undefined ? undefined : valueOf(blockOf([sample]), middleOf(grid, -1));
}

function middleOf(grid: BinGrid, bin: number): number {
  return Math.floor(startOfBin(grid, bin) + grid.widthUs / 2);
}

function toSample({ value, status, sample }: BinValue, timeUs: number): StoredSample {
  return { timeUs, valueTimeUs: sample?.valueTimeUs ?? timeUs, status, value };
}

/** A sample's own value may be longer than what a request can carry: its time is carried, and it is read again. */
function toCarried({ value, status, sample }: BinValue): unknown {
  return sample === undefined ? { value: toWire(value), status } : { sampleUs: sample.timeUs };
}

async function carriedValue(context: OperatorContext, carried: unknown): Promise<BinValue | undefined> {
  if (carried === undefined) return undefined;
  const { value, status, sampleUs } = carried as { value: SampleValue; status: Status; sampleUs?: number };
  if (sampleUs === undefined) return { value: fromWire(value, 'float'), status };
  const sample = await context.lastBefore(sampleUs + 1);
  return sample === undefined ? undefined : ofSample(sample);
}

function ofSample(sample: StoredSample): BinValue {
  return { value: sample.value, status: sample.status, sample };
}

/** Of the numbers of a bin; the worst status of all its samples. */
function statistic(of: (rows: NumberRows, middleUs: number) => StoredValue): BinValueOf {
  return (samples, middleUs) => {
    const rows = numberRows(samples);
    if (rows.values.length === 0) return undefined;
    return { value: of(rows, middleUs), status: STATUSES[worstRank(samples)]! };
  };
}

const plain = (of: statistics.Statistic) =>
  filling(
    statistic(({ values }) => of(values)),
    repeat,
  );

/** The first or the last sample of a bin, moved to its middle. */
function sampleOf(place: (samples: ColumnBlock) => number): OperatorRun {
  return filling((samples) => ofSample(sampleAt(samples, place(samples))), repeat);
}

/** `[mean, std, min, max, count]` of the numbers of a bin. */
export const summary = statistic(({ values }) => summaryOf(values));

/** The same and the last of them; of an empty bin, the last one known as mean, min and max, and 0 as std and count. */
export const summaryWithLast = statistic(({ values }) => [...summaryOf(values), values.at(-1)!]);

export function lastAgain({ value, status }: BinValue): BinValue {
  const last = (value as readonly number[]).at(-1)!;
  return { value: [last, 0, last, last, 0, last], status };
}

function summaryOf(values: Float64Array): number[] {
  const { mean, std, min, max, count } = statistics;
  return [mean, std, min, max, count].map((of) => of(values));
}

/** Operators that give one value a bin. */
export const FILLING_OPERATORS = {
  firstFill: sampleOf(() => 0),
  lastFill: sampleOf(({ length }) => length - 1),
  mean: plain(statistics.mean),
  min: plain(statistics.min),
  max: plain(statistics.max),
  // An empty bin has 0 samples, whatever the one before had.
  count: filling(
    statistic(({ values }) => statistics.count(values)),
    () => ({ value: 0, status: 'nominal' }),
  ),
  median: plain(statistics.median),
  std: plain(statistics.std),
  jitter: plain(statistics.jitter),
  variance: plain(statistics.variance),
  popvariance: plain(statistics.popvariance),
  kurtosis: plain(statistics.kurtosis),
  skewness: plain(statistics.skewness),
  rms: plain(statistics.rms),
  linear: filling(
    statistic(({ values, timesUs }, middleUs) => statistics.linear(values, timesUs, middleUs)),
    repeat,
  ),
  /** `[mean, std]`. */
  errorbar: filling(
    statistic(({ values }) => [statistics.mean(values), statistics.std(values)]),
    repeat,
  ),
} satisfies Partial<Record<OperatorName, OperatorRun>>;
