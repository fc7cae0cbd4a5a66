import type { CellPage } from './cell-page.ts';

/** A value as it is bound: `bigint` columns take whole numbers below 2^53; undefined is unset, null is written as null (a tombstone). */
export type CqlValue = number | string | boolean | Uint8Array | readonly number[] | null | undefined;

/** A row by the names of its columns: `bigint` and `timestamp` (milliseconds) come as numbers, `uuid` as text. */
export type CqlRow = Readonly<Record<string, CqlValue>>;

export interface PageOptions {
  /** Most rows of a page; a function is asked before each page. Default 5,000. */
  readonly fetchSize?: number | (() => number) | undefined;
  /** The second page is asked for only when the first has been looked at: its size follows from that, or it may not be wanted. */
  readonly looksFirst?: boolean | undefined;
}

/** What layouts, catalogue and keeper ask Cassandra with: every method rejects with a StoreError. */
export interface CqlSession {
  readonly keyspace: string;
  /** One idempotent statement. @param timestampUs of a write: its write timestamp */
  execute(
    cql: string,
    values?: readonly CqlValue[],
    options?: { readonly timestampUs?: number | undefined },
  ): Promise<CqlRow[]>;
  /** Rows as they come, page by page; one page is fetched ahead. */
  pages(cql: string, values?: readonly CqlValue[], options?: PageOptions): AsyncIterable<CqlRow[]>;
  /** The same for many rows: they come as cells, in the order of the columns that are selected. */
  cells(cql: string, values?: readonly CqlValue[], options?: PageOptions): AsyncIterable<CellPage>;
  /**
   * An unlogged batch of one prepared statement: rows of one partition, or few rows of several. At most 65,535 rows.
   * @param timestampUs of all rows that do not bind their own (`USING TIMESTAMP ?`)
   */
  batch(cql: string, rows: readonly (readonly CqlValue[])[], timestampUs: number): Promise<void>;
  /**
   * Names the node with the first copy of a partition, where there are several nodes: partitions with one name go well into one batch.
   * @param key of the partition, as nodes hash it
   */
  replicaOf?(key: () => Uint8Array): string | undefined;
  /** Waits for what is under way. Calls after it reject with code CLOSED. */
  close(): Promise<void>;
}
