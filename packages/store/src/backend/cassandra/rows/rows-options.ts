import type { BatchSenderOptions } from '../batch-sender.ts';

export interface RowsOptions extends BatchSenderOptions {
  /** The end of `CREATE TABLE` of samples: `WITH ...`. */
  readonly tableOptions: string;
  /** After how many days samples go by themselves; 0: never. What knows of them goes later. */
  readonly keepDays: number;

  /** Most rows of one partition in one batch. */
  readonly rowsPerBatch: number;
  /** About the most bytes of one partition in one batch; a larger row goes alone. Cassandra takes half a segment of its commit log, 16 MiB. */
  readonly batchBytes: number;

  /** A partition with so many rows in what is written has a batch of its own; fewer share one with other partitions of the same nodes. */
  readonly rowsAlone: number;

  /** Most rows of a page that is read. */
  readonly pageRows: number;
  /** About the most bytes of a page: what bounds its rows where values are long. */
  readonly pageBytes: number;
  /** Partitions whose first page is asked for before their turn. */
  readonly partitionsAhead: number;
}

export const ROWS_DEFAULTS = {
  tableOptions: '',
  keepDays: 0,
  rowsPerBatch: 1_000,
  batchBytes: 1024 * 1024,
  rowsAlone: 8,
  partitionsPerBatch: 10,
  sharedBatchBytes: 4 * 1024,
  batchesAhead: 64,
  pageRows: 5_000,
  pageBytes: 4 * 1024 * 1024,
  partitionsAhead: 2,
} as const satisfies RowsOptions;
