/**
 * A page of rows, read cell by cell: each method takes the next cell, of the columns of a row in their order, then of the next row. So a row
 * costs no object of its own. The caller knows the columns; a cell that is not of the type that it is asked for is a mistake of the caller.
 */
export interface CellPage {
  /** Rows. */
  readonly length: number;
  /** `bigint` between -2^53 and 2^53; NaN: null. */
  bigint(): number;
  /** `tinyint`; NaN: null. */
  tinyint(): number;
  /** `int`; NaN: null. */
  int(): number;
  /** `double`; NaN: null, too. */
  double(): number;
  text(): string | undefined;
  /** `blob`. It may share memory with the page. */
  bytes(): Uint8Array | undefined;
  /** `list<double>`; undefined: null. */
  doubles(): number[] | undefined;
}
