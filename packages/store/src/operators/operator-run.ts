import type { StoredSample } from '../backend/stored-sample.ts';
import type { BinGrid } from '../bins/bin-grid.ts';
import type { OperatorPosition, OperatorQuery } from './operator-query.ts';
import type { ReadBlock } from './sample-bins.ts';

/** What an operator works on. */
export interface OperatorContext {
  readonly query: OperatorQuery;
  /** The operator's bins over the range. */
  readonly grid: BinGrid;
  /** Samples from a time on to the range's end. */
  readonly read: (fromUs: number) => AsyncIterable<ReadBlock>;
  /** The last sample before a time, be it before the range. */
  readonly lastBefore: (timeUs: number) => Promise<StoredSample | undefined>;
}

/**
 * What an operator gives next, and from where it would go on after that. Without a sample: it has looked through a stretch that gives
 * nothing, and a page may end here.
 */
export interface Given extends OperatorPosition {
  readonly sample: StoredSample | undefined;
}

/** Begins where the page before ended: `query.from`. */
export type OperatorRun = (context: OperatorContext) => AsyncGenerator<Given, void, undefined>;
