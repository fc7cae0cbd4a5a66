import {
  decodeFloat,
  JoinedBins,
  type BinNumber,
  type BinSeries,
  type BinsPage,
  type Status,
} from '@katbus/protocol';
import { heightOf, MOST_LEVELS, type PlotKind } from './plot-kind.ts';
import { dateTimeText } from './time-text.ts';
import { valueText } from './value-text.ts';

/** A long past, of which there are so many samples that only what they come to in each bin is drawn. */
export interface BinnedPast {
  readonly series: BinSeries;
  /** Unix seconds: where bin 0 begins. */
  readonly start: number;
  /** Seconds. */
  readonly width: number;
  /** Unix seconds: from here on there are samples. */
  readonly until: number;
  readonly samples: number;
}

/** Where a bin stands on the y axis. */
export interface BinExtent {
  readonly time: number;
  /** The mean of numbers, the last of levels. */
  readonly height: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly status: Status;
}

/** All pages of one sensor's bins; undefined when there are none. */
export async function binnedPast(
  pages: AsyncIterable<BinsPage>,
  until: number,
): Promise<BinnedPast | undefined> {
  const joined = new JoinedBins();
  let first: BinsPage | undefined;
  for await (const page of pages) {
    first ??= page;
    joined.add(page);
  }
  const [series] = joined.series;
  if (first === undefined || series === undefined) return undefined;
  const columns = series.kind === 'number' ? [series.count, series.nan, series.none] : [series.count];
  const samples = columns.flatMap((column) => column ?? []).reduce((sum, count) => sum + count, 0);
  return { series, start: first.start, width: first.width, until, samples };
}

/** Whether its bins say what its samples would: not of arrays, nor of texts that are all different. */
export function isDrawn({ series }: BinnedPast): boolean {
  return series.kind === 'number' || (series.kind === 'state' && series.states.length <= MOST_LEVELS);
}

export function extentsOf(past: BinnedPast, kind: PlotKind): BinExtent[] {
  return past.series.bin.map((bin, place) => ({
    time: past.start + bin * past.width,
    status: past.series.status?.[place] ?? 'nominal',
    ...heightsOf(past.series, place, kind),
  }));
}

function heightsOf(
  series: BinSeries,
  place: number,
  kind: PlotKind,
): Pick<BinExtent, 'height' | 'low' | 'high'> {
  if (series.kind === 'number') {
    const at = (column: readonly BinNumber[] | undefined) => heightOf(column?.[place] ?? null, kind);
    return { height: at(series.mean), low: at(series.min), high: at(series.max) };
  }
  if (series.kind !== 'state') return { height: null, low: null, high: null };
  const levelOf = (state: number) => heightOf(series.states[state] ?? null, kind);
  const levels = (series.held[place] ?? [])
    .map(([state]) => levelOf(state))
    .filter((level) => level !== null);
  const height = levelOf(series.last[place] ?? -1);
  if (levels.length === 0) return { height, low: height, high: height };
  return { height, low: Math.min(...levels), high: Math.max(...levels) };
}

/** What there is to say of the bin at a time; undefined where there is none. */
export function binReading(past: BinnedPast, time: number, type: string | undefined): string | undefined {
  const { series, start, width } = past;
  // The last bin that has begun: an empty one after it is left out, and what was there holds.
  const place = series.bin.findLastIndex((bin) => start + bin * width <= time);
  if (place === -1) return undefined;
  const from = `${dateTimeText(start + series.bin[place]! * width)} UTC`;
  const status = series.status?.[place] ?? 'nominal';
  if (series.kind === 'number') {
    const text = (column: readonly BinNumber[] | undefined) =>
      valueText(decodeFloat(column?.[place]) ?? null, type);
    const count = series.count?.[place] ?? 0;
    return `${from} · mean ${text(series.mean)}, ${text(series.min)} to ${text(series.max)} · ${count} samples · ${status}`;
  }
  if (series.kind !== 'state') return undefined;
  const held = (series.held[place] ?? []).map(([state, seconds]) => {
    return `${valueText(series.states[state] ?? null, type)} ${Math.round(seconds)} s`;
  });
  return `${from} · ${held.join(', ')} · ${status}`;
}
