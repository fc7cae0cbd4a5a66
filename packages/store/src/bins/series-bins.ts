import type { ColumnBlock } from '../backend/column-block.ts';
import type { SampleSummary } from '../backend/sample-summary.ts';
import type { StoredSample } from '../backend/stored-sample.ts';

/** How the values of a sensor are summed up. */
export const BIN_KINDS = ['number', 'state', 'array'] as const;
export type BinKind = (typeof BIN_KINDS)[number];

/** The bins of one sensor in one page: fed with its samples in order of time, once. Pure: it asks nobody and knows no clock. */
export interface SeriesBins {
  /** Before the first block it needs the last sample before this time; undefined: it does not. */
  readonly entersBeforeUs: number | undefined;
  enter(sample: StoredSample): void;

  /** Whether samples between two times, both included, may come summed up. */
  maySumUp(firstUs: number, lastUs: number): boolean;

  /**
   * Takes the samples of a block.
   * @returns the time of the first for which the page had no room; undefined when there was room for all
   */
  take(block: ColumnBlock): number | undefined;

  /** As {@link take}, for samples of one bin. */
  takeSummary(summary: SampleSummary): number | undefined;

  /** There are no more samples. @returns whether the page had room for what that completes */
  finish(): boolean;

  /** What is under way where the page ends, as JSON: the next page's series is made from it. */
  carried(): unknown;

  /** The columns, as they travel. */
  columns(): Record<string, unknown>;
}
