import type { BinColumn, SensorAddress } from '@katbus/protocol';
import type { BinGrid } from './bin-grid.ts';
import type { BinKind } from './series-bins.ts';

/** One page of bins, as a back end is asked for it. Everything in it crosses to a thread by structured clone. */
export interface BinsQuery {
  readonly series: readonly BinsSeriesQuery[];
  readonly grid: BinGrid;
  readonly columns: readonly BinColumn[];
  /** Whether each series comes with the last sample before the range. */
  readonly boundary: boolean;
  /** The time at which the last state of a sensor ends to be known: states are not taken to hold in the future. */
  readonly nowUs: number;
  /** `next` of the page before. */
  readonly from?: BinsPosition | undefined;
  /** About the most bytes of a page, as JSON; a page has one bin at least, if there is one. */
  readonly mostBytes: number;
  /** A page ends when it took so long, even without a bin. */
  readonly mostMs: number;
}

export interface BinsSeriesQuery {
  readonly address: SensorAddress;
  readonly kind: BinKind;
}

/** Where a page ended. */
export interface BinsPosition {
  /** The place of a sensor in the query. */
  readonly series: number;
  /** Its samples before this time have been taken; undefined: none of them. */
  readonly atUs?: number | undefined;
  /** What was under way, of its SeriesBins. */
  readonly carried?: unknown;
}

export interface BinsPart {
  /** Each series as JSON text (`BinSeries`): made where the numbers are, so that the daemon's own thread need not print them. */
  readonly series: readonly string[];
  readonly next: BinsPosition | undefined;
}
