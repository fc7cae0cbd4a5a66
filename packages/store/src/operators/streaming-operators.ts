import { decodeFloat, encodeFloat, type OperatorName } from '@katbus/protocol';
import { sampleAt } from '../backend/sample-block.ts';
import { gridOfWidth, type BinGrid } from '../bins/bin-grid.ts';
import { filling, lastAgain, summary, summaryWithLast } from './filling-operators.ts';
import type { OperatorContext, OperatorRun } from './operator-run.ts';

/** Every n-th sample of the range, its first one first. */
const nth: OperatorRun = async function* run({ query, grid, read }) {
  let place = (query.from?.carried as number | undefined) ?? 0;
  for await (const { block, reachedUs } of read(query.from?.atUs ?? grid.startUs)) {
    for (let row = 0; row < block.length; row++) {
      const isGiven = place % query.operator.parameter === 0;
      place += 1;
      if (!isGiven) continue;
      const sample = sampleAt(block, row);
      yield { sample, atUs: sample.timeUs + 1, carried: place };
    }
    yield { sample: undefined, atUs: reachedUs, carried: place };
  }
};

/** How many samples the range has, whatever their values: one sample, at its start. */
const ncount: OperatorRun = async function* run({ query, grid, read }) {
  // Beyond the end nothing is left: a page that ended with the count itself has told it.
  if (query.from !== undefined && query.from.atUs > grid.endUs) return;
  let count = (query.from?.carried as number | undefined) ?? 0;
  for await (const { block, reachedUs } of read(query.from?.atUs ?? grid.startUs)) {
    count += block.length;
    yield { sample: undefined, atUs: reachedUs, carried: count };
  }
  const timeUs = grid.startUs;
  yield {
    sample: { timeUs, valueTimeUs: timeUs, status: 'nominal', value: count },
    atUs: grid.endUs + 1,
  };
};

/**
 * A sample is given when its number is more than the dead band away from the last one given, its status is another, or one of the two is no
 * finite number; the first always.
 */
const deadBand: OperatorRun = async function* run({ query, grid, read }) {
  let last = query.from?.carried as readonly [number | string, string] | undefined;
  for await (const { block, reachedUs } of read(query.from?.atUs ?? grid.startUs)) {
    const { numbers } = block;
    for (let row = 0; row < block.length; row++) {
      const number = numbers[row]!;
      const sample = sampleAt(block, row);
      // NaN compares with nothing: what is no number, and what comes after it, is never within the band.
      const distance = Math.abs(number - (last === undefined ? NaN : decodeFloat(last[0])!));
      if (last?.[1] === sample.status && distance <= query.operator.parameter) continue;
      last = [encodeFloat(number), sample.status];
      yield { sample, atUs: sample.timeUs + 1, carried: last };
    }
    yield { sample: undefined, atUs: reachedUs, carried: last };
  }
};

/** Whole seconds, and one at least, as the appliance has it. */
function pointGrid({ query, grid }: OperatorContext): BinGrid {
  const { startUs, endUs } = grid;
  const seconds = Math.max(1, Math.floor((endUs - startUs) / 1e6 / query.operator.parameter));
  return gridOfWidth(startUs, endUs, seconds * 1e6);
}

/** All samples where there are no more than points wanted, else a summary a bin. */
function optimized(summed: OperatorRun): OperatorRun {
  return async function* run(context) {
    const { query, grid, read } = context;
    const { from, operator } = query;
    const carried = from?.carried as { readonly raw?: true; readonly summed?: unknown } | undefined;
    const isSmall = from === undefined ? await hasAtMost(context, operator.parameter) : carried?.raw === true;
    if (isSmall) {
      for await (const { block, reachedUs } of read(from?.atUs ?? grid.startUs)) {
        for (let row = 0; row < block.length; row++) {
          const sample = sampleAt(block, row);
          yield { sample, atUs: sample.timeUs + 1, carried: { raw: true } };
        }
        yield { sample: undefined, atUs: reachedUs, carried: { raw: true } };
      }
      return;
    }
    const position = from === undefined ? undefined : { atUs: from.atUs, carried: carried?.summed };
    for await (const given of summed({ ...context, query: { ...query, from: position } })) {
      yield { ...given, carried: { summed: given.carried } };
    }
  };
}

async function hasAtMost({ grid, read }: OperatorContext, most: number): Promise<boolean> {
  let count = 0;
  for await (const { block } of read(grid.startUs)) {
    count += block.length;
    if (count > most) return false;
  }
  return true;
}

/** Operators that look at the range as a whole. */
export const STREAMING_OPERATORS = {
  nth,
  ncount,
  deadBand,
  optimized: optimized(filling(summary, (before) => before, pointGrid)),
  optimLastSample: optimized(filling(summaryWithLast, lastAgain, pointGrid)),
} satisfies Partial<Record<OperatorName, OperatorRun>>;
