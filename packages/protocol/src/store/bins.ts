import type { SensorAddress } from '../names.ts';
import type { Status } from '../status.ts';
import type { SampleValue } from '../value.ts';
import type { ArchivedSample } from './history.ts';
import type { Gap } from './quarantine.ts';

/**
 * `rpc.store.bins`: what samples come to in each of many equal spans of time, for many sensors at once, paged. Exactly one of `bins` and
 * `widthSeconds` is given.
 */
export interface BinsRequest extends BinsRange {
  /** 1 to 256, each once. */
  readonly sensors: readonly SensorAddress[];
}

/** What bins are asked for, but of which sensors. */
export interface BinsRange {
  /** Unix seconds; half-open: start <= time < end. */
  readonly start: number;
  readonly end: number;
  /** So many bins of one width, the first from `start`: 1 to 100,000. Where a microsecond is too long, there are fewer. */
  readonly bins?: number;
  /** Bins from whole multiples of this width since 1970: those of two requests are the same. At least 0.001. */
  readonly widthSeconds?: number;
  /** Of numeric sensors; default {@link DEFAULT_BIN_COLUMNS}. */
  readonly columns?: readonly BinColumn[];
  /** Whether each series comes with the last sample before `start`; default false. */
  readonly boundary?: boolean;
  /** `next` of the page before. */
  readonly after?: string;
}

/** What there may be of each bin of a numeric sensor, beside its number. */
export const BIN_COLUMNS = [
  'count',
  'nan',
  'none',
  'min',
  'max',
  'mean',
  'status',
  'first',
  'firstTime',
  'last',
  'lastTime',
] as const;
export type BinColumn = (typeof BIN_COLUMNS)[number];

export const DEFAULT_BIN_COLUMNS = ['count', 'nan', 'none', 'min', 'max', 'mean', 'status'] as const;

/** A number as it travels; null: there is none. */
export type BinNumber = number | string | null;

export interface BinsPage {
  /** Unix seconds: where bin 0 begins. Bin n begins at `start + n * width`. */
  readonly start: number;
  /** Seconds. */
  readonly width: number;
  /** How many bins the range has, empty ones included. */
  readonly bins: number;
  /** In the order of the request; one that is cut by the page's end goes on in the next page. */
  readonly series: readonly BinSeries[];
  readonly next?: string;
  /** The ARCHIVE stream's sequence through which the answer is complete. */
  readonly through: number;
  /** As those of a history page. */
  readonly gaps?: readonly Gap[];
}

export type BinSeries = NumberBins | StateBins | ArrayBins;

interface SeriesBase {
  readonly component: string;
  readonly sensor: string;
  /** The last sample before the range, where it was asked for and there is one; on the series' first page. */
  readonly before?: ArchivedSample;
  /** The bins' numbers, rising. What has the same place in the other columns belongs to it. */
  readonly bin: readonly number[];
  /** Samples: of a numeric sensor those with a number. */
  readonly count?: readonly number[];
  /** The worst status of the samples. */
  readonly status?: readonly Status[];
}

/** Of integers, floats and timestamps. A bin without a sample is left out. */
export interface NumberBins extends SeriesBase {
  readonly kind: 'number';
  /** Samples whose value is NaN: they are in no other column. */
  readonly nan?: readonly number[];
  /** Samples without a number: `null`, or of another type than the sensor's. */
  readonly none?: readonly number[];
  readonly min?: readonly BinNumber[];
  readonly max?: readonly BinNumber[];
  /** The mean of the samples, each counted once, however long it held. */
  readonly mean?: readonly BinNumber[];
  readonly first?: readonly BinNumber[];
  /** Unix seconds. */
  readonly firstTime?: readonly (number | null)[];
  readonly last?: readonly BinNumber[];
  readonly lastTime?: readonly (number | null)[];
}

/**
 * Of booleans, discrete sensors and texts. A state holds until the next sample, so that every bin is there from the first whose state is known to
 * the range's end, or to now.
 */
export interface StateBins extends SeriesBase {
  readonly kind: 'state';
  readonly count: readonly number[];
  readonly status: readonly Status[];
  /** The states of this page; null is no value. `last` and `held` have places in it. */
  readonly states: readonly (string | number | boolean | null)[];
  /** The state at the bin's end. */
  readonly last: readonly number[];
  /** Seconds in each state: pairs of a state and seconds. */
  readonly held: readonly (readonly (readonly [state: number, seconds: number])[])[];
}

/** Of arrays. A bin without a sample is left out. */
export interface ArrayBins extends SeriesBase {
  readonly kind: 'array';
  readonly count: readonly number[];
  readonly status: readonly Status[];
  readonly last: readonly SampleValue[];
}

export const BINS_PAGE = {
  mostSensors: 256,
  mostBins: 100_000,
  shortestSeconds: 0.001,
  mostBytes: 512 * 1024,
} as const;
