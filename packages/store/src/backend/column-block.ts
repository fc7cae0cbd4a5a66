/**
 * A run of one sensor's samples in order of time, column by column: what chunks decode to and what bins are made of. All columns have `length` elements.
 */
export interface ColumnBlock {
  readonly length: number;
  /** Integer microseconds since 1970. */
  readonly timesUs: Float64Array;
  readonly valueTimesUs: Float64Array;
  /** Places in STATUSES. */
  readonly statuses: Uint8Array;
  /** VALUE_KIND of each value. */
  readonly kinds: Uint8Array;
  /** Numbers, and booleans as 0 and 1; NaN for everything else. */
  readonly numbers: Float64Array;
  /** Strings as they are, arrays as JSON, undefined elsewhere; undefined as a whole when no value has a text. */
  readonly texts: readonly (string | undefined)[] | undefined;
}
