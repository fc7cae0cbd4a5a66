import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** Rows of one INSERT: from about here on, more rows gain nothing. */
const ROWS_AT_ONCE = 40;

/**
 * Inserts many rows with few statements, each with many rows of VALUES: half the time of one statement a row.
 *
 * It keeps nothing between two calls, so that a failed transaction leaves nothing behind.
 */
export class BulkInsert {
  readonly #many: StatementSync;
  readonly #one: StatementSync;
  readonly #columns: number;

  /** @param head all that stands before the word VALUES */
  constructor(database: DatabaseSync, head: string, columns: number) {
    const row = `(${Array<string>(columns).fill('?').join(',')})`;
    this.#columns = columns;
    this.#one = database.prepare(`${head} VALUES ${row}`);
    this.#many = database.prepare(`${head} VALUES ${Array<string>(ROWS_AT_ONCE).fill(row).join(',')}`);
  }

  /** @param bind puts the columns of row `row` into `into`, from `at` on */
  run(rows: number, bind: (row: number, into: SQLInputValue[], at: number) => void): void {
    let row = 0;
    const many = new Array<SQLInputValue>(ROWS_AT_ONCE * this.#columns).fill(null);
    for (; row + ROWS_AT_ONCE <= rows; row += ROWS_AT_ONCE) {
      for (let place = 0; place < ROWS_AT_ONCE; place++) bind(row + place, many, place * this.#columns);
      this.#many.run(...many);
    }
    const one = new Array<SQLInputValue>(this.#columns).fill(null);
    for (; row < rows; row++) {
      bind(row, one, 0);
      this.#one.run(...one);
    }
  }
}
