import { STATUSES, type OperatorName } from '@katbus/protocol';
import type { ColumnBlock } from '../backend/column-block.ts';
import { sampleAt } from '../backend/sample-block.ts';
import type { StoredSample } from '../backend/stored-sample.ts';
import { VALUE_KIND } from '../backend/value-column.ts';
import { startOfBin, type BinGrid } from '../bins/bin-grid.ts';
import { numberRows, worstRank } from './number-rows.ts';
import type { OperatorSpec } from './operator-spec.ts';
import type { OperatorRun } from './operator-run.ts';
import { sampleBins } from './sample-bins.ts';
import { max, mean, min, std } from './statistics.ts';

/** Which samples a bin gives. */
type Pick = (
  samples: ColumnBlock,
  at: { readonly grid: BinGrid; readonly bin: number; readonly operator: OperatorSpec },
) => Iterable<StoredSample>;

/** Runs an operator that gives samples of a bin. */
function picking(pick: Pick): OperatorRun {
  return async function* run({ query, grid, read }) {
    const { from, operator } = query;
    // A bin may give more than a page holds: the page after reads it again and passes over what was given.
    let skip = (from?.carried as number | undefined) ?? 0;
    for await (const item of sampleBins(grid, read(from?.atUs ?? grid.startUs))) {
      if (item.samples === undefined) {
        if (skip === 0) yield { sample: undefined, atUs: item.reachedUs };
        continue;
      }
      const { bin, samples } = item;
      const atUs = Math.max(startOfBin(grid, bin), grid.startUs);
      let given = 0;
      for (const sample of pick(samples, { grid, bin, operator })) {
        if (++given > skip) yield { sample, atUs, carried: given };
      }
      skip = 0;
      yield { sample: undefined, atUs: startOfBin(grid, bin + 1) };
    }
  };
}

/** The samples whose number is within so many deviations of its bin's mean, or those beyond it. */
function byDistance(isGiven: (distance: number, cutoff: number) => boolean): Pick {
  return function* pick(samples, { operator }) {
    const { values } = numberRows(samples);
    if (values.length === 0) return;
    const middle = mean(values);
    const cutoff = operator.parameter * std(values);
    const { kinds, numbers } = samples;
    for (let row = 0; row < samples.length; row++) {
      const isNumber = kinds[row] === VALUE_KIND.number;
      if (isNumber && isGiven(Math.abs(numbers[row]! - middle), cutoff)) yield sampleAt(samples, row);
    }
  };
}

/**
 * The first, the least, the greatest and the last number of a bin, a quarter of the bin apart from its beginning on, so that a line through them fills
 * what a plot of all would fill; of one or two samples, these themselves.
 */
const plotted: Pick = function* pick(samples, { grid, bin }) {
  const { values } = numberRows(samples);
  const status = STATUSES[worstRank(samples)]!;
  if (samples.length <= 2) {
    for (let row = 0; row < samples.length; row++) yield { ...sampleAt(samples, row), status };
    return;
  }
  if (values.length === 0) return;
  for (const [quarter, value] of [values[0]!, min(values), max(values), values.at(-1)!].entries()) {
    const timeUs = Math.floor(startOfBin(grid, bin) + (quarter * grid.widthUs) / 4);
    yield { timeUs, valueTimeUs: timeUs, status, value };
  }
};

/** Operators that give some of the samples of each bin. */
export const PICKING_OPERATORS = {
  firstSample: picking((samples) => [sampleAt(samples, 0)]),
  lastSample: picking((samples) => [sampleAt(samples, samples.length - 1)]),
  ignoreflyers: picking(byDistance((distance, cutoff) => distance <= cutoff)),
  flyers: picking(byDistance((distance, cutoff) => distance > cutoff)),
  caplotbinning: picking(plotted),
} satisfies Partial<Record<OperatorName, OperatorRun>>;
