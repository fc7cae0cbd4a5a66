import type { ColumnBlock } from './column-block.ts';

/** What wide bins need of a run of one sensor's samples without their columns: all of them are numbers or NaN. */
export interface SampleSummary {
  /** Samples, NaN among them. */
  readonly count: number;
  readonly nans: number;
  /** Of the samples that are not NaN, infinities among them; NaN when there are none. */
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  /** Times of the first and the last sample. */
  readonly firstUs: number;
  readonly lastUs: number;
  /** Values of the first and the last sample; NaN is one. */
  readonly firstValue: number;
  readonly lastValue: number;
  /** The worst status: a place in STATUSES. */
  readonly worst: number;
}

/** A stretch of one sensor's history, in full or, where the caller can do with that, summed up. */
export type HistoryPiece =
  /** May be empty: the search has taken a while, and others may have their turn. */
  | { readonly reachedUs: number; readonly block: ColumnBlock; readonly summary?: undefined }
  | { readonly reachedUs: number; readonly block?: undefined; readonly summary: SampleSummary };
