/** A statement as it is prepared once and run many times. */
export interface CqlStatement {
  readonly cql: string;
}

/** A value as it is bound: `bigint` columns take whole numbers below 2^53; undefined is unset, null is written as null (a tombstone). */
export type CqlValue = number | string | boolean | Uint8Array | null | undefined;

/** A row by the names of its columns: `bigint` comes as a number. */
export type CqlRow = Readonly<Record<string, CqlValue>>;

/** What layouts, catalogue and keeper ask Cassandra with: every method rejects with a StoreError. */
export interface CqlSession {
  readonly keyspace: string;
  /** One idempotent statement. @param timestampUs of a write: its write timestamp */
  execute(cql: string, values?: readonly CqlValue[], options?: { timestampUs?: number }): Promise<CqlRow[]>;
  /** Rows as they come, page by page, without more than some pages in memory. */
  pages(cql: string, values?: readonly CqlValue[], options?: { fetchSize?: number }): AsyncIterable<CqlRow[]>;
  /**
   * An unlogged batch of one prepared statement: rows of one partition, or few rows of several.
   * @param timestamps of each row, or one for all, microseconds
   */
  batch(cql: string, rows: readonly (readonly CqlValue[])[], timestampUs: number): Promise<void>;
  close(): Promise<void>;
}
