import type { ColumnBlock } from '../../column-block.ts';

/** Of the first page: what long values are like is seen before many of them are asked for. */
const FIRST_ROWS = 100;
/** Another size is worth another request only when it is so many times the old one. */
const WORTH = 2;
/** Beside its text. */
const ROW_BYTES = 40;

/** How many rows a page of one sensor may have: as many as are wanted, fewer where values are long. */
export class PageSize {
  readonly #most: number;
  readonly #bytes: number;
  #rows: number;

  constructor(mostRows: number, mostBytes: number) {
    this.#most = mostRows;
    this.#bytes = mostBytes;
    this.#rows = Math.min(mostRows, FIRST_ROWS);
  }

  get rows(): number {
    return this.#rows;
  }

  learn({ length, texts }: ColumnBlock): void {
    if (length === 0) return;
    const bytes =
      texts === undefined
        ? length * ROW_BYTES
        : texts.reduce((sum, text) => sum + ROW_BYTES + (text?.length ?? 0), 0);
    const rows = Math.max(1, Math.min(this.#most, Math.floor((this.#bytes * length) / bytes)));
    if (rows >= WORTH * this.#rows || rows * WORTH <= this.#rows) this.#rows = rows;
  }
}
