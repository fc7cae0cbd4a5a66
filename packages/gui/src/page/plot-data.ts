import type { ArchivedSample, Status } from '@katbus/protocol';
import { extentsOf, type BinnedPast } from './binned-past.ts';
import { heightOf, type PlotKind } from './plot-kind.ts';

/** Columns for the plot: a sample's place in one is its place in all. */
export interface PlotData {
  readonly times: number[];
  readonly heights: (number | null)[];
  /** What is between them is filled: of a bin its extremes, of a sample its height. */
  readonly lows: (number | null)[];
  readonly highs: (number | null)[];
  readonly statuses: Status[];
  /** Whether the last place is no sample but the newest value, held until now. */
  readonly held: boolean;
}

/** A value that did not change is published again within the throttle's longest silence, an hour by default. Older ones are not held. */
const LONGEST_HOLD_SECONDS = 3_700;

/**
 * A value holds until the next sample: components send changes, so a straight line between two samples would show values that never were.
 * @param holdUntil Unix seconds; absent: the curve ends at the newest sample
 * @param past drawn in place of the samples that it has
 */
export function plotData(
  samples: readonly ArchivedSample[],
  kind: PlotKind,
  holdUntil: number | undefined,
  past?: BinnedPast,
): PlotData {
  const extents = past === undefined ? [] : extentsOf(past, kind);
  const rest = past === undefined ? samples : samples.filter(({ time }) => time >= past.until);
  const restHeights = rest.map(({ value }) => heightOf(value, kind));
  const times = [...extents.map(({ time }) => time), ...rest.map(({ time }) => time)];
  const heights = [...extents.map(({ height }) => height), ...restHeights];
  const lows = [...extents.map(({ low }) => low), ...restHeights];
  const highs = [...extents.map(({ high }) => high), ...restHeights];
  const statuses = [...extents.map(({ status }) => status), ...rest.map(({ status }) => status)];
  const newest = samples.at(-1);
  const held =
    newest !== undefined &&
    holdUntil !== undefined &&
    holdUntil > newest.time &&
    holdUntil - newest.time <= LONGEST_HOLD_SECONDS;
  if (held) {
    times.push(holdUntil);
    for (const column of [heights, lows, highs]) column.push(heights.at(-1)!);
    statuses.push(newest.status);
  }
  return { times, heights, lows, highs, statuses, held };
}

/** The sample that holds at a time: the last at or before it; undefined before the first. */
export function sampleAt(samples: readonly ArchivedSample[], time: number): ArchivedSample | undefined {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (samples[middle]!.time <= time) low = middle + 1;
    else high = middle;
  }
  return samples[low - 1];
}
