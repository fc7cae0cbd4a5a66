import type { ColumnBlock } from '../../column-block.ts';
import { EMPTY_BLOCK, placeOf, sliceBlock } from '../../sample-block.ts';
import type { CqlRow } from '../session/cql-session.ts';
import type { PageSize } from './page-size.ts';

/** Rows of a partition from a time on, page by page. */
export type PagesFrom = (fromUs: number, pageRows: number) => AsyncIterable<CqlRow[]>;

/** How far a partition has been read. */
export class PartitionHead {
  readonly #pagesFrom: PagesFrom;
  readonly #toBlock: (rows: readonly CqlRow[]) => ColumnBlock;
  readonly #size: PageSize;
  #pages: AsyncIterator<CqlRow[]>;
  #pageRows: number;
  #next: Promise<IteratorResult<CqlRow[], unknown>> | undefined;
  #block: ColumnBlock = EMPTY_BLOCK;
  #isDone = false;

  constructor(
    pagesFrom: PagesFrom,
    fromUs: number,
    toBlock: (rows: readonly CqlRow[]) => ColumnBlock,
    size: PageSize,
  ) {
    this.#pagesFrom = pagesFrom;
    this.#toBlock = toBlock;
    this.#size = size;
    this.#pageRows = size.rows;
    this.#pages = pagesFrom(fromUs, size.rows)[Symbol.asyncIterator]();
  }

  get isEmpty(): boolean {
    return this.#block.length === 0;
  }

  get firstUs(): number {
    return this.#block.timesUs[0]!;
  }

  get lastUs(): number {
    return this.#block.timesUs[this.#block.length - 1]!;
  }

  /** Asks for the next page; it is taken by {@link fill}. */
  start(): void {
    if (this.#next !== undefined || this.#isDone) return;
    this.#next = this.#pages.next();
    // Whoever takes it hears of the error.
    this.#next.catch(() => undefined);
  }

  /** Makes sure that there are samples, if there are any more. @throws {StoreError} */
  async fill(): Promise<void> {
    while (this.isEmpty && !this.#isDone) {
      this.start();
      const { done, value } = await this.#next!;
      this.#next = undefined;
      if (done === true) {
        this.#isDone = true;
        return;
      }
      this.#block = this.#toBlock(value);
      this.#size.learn(this.#block);
      if (!this.isEmpty && this.#size.rows !== this.#pageRows) await this.#reopen(this.lastUs + 1);
    }
  }

  take(throughUs: number): ColumnBlock {
    const end = placeOf(this.#block, throughUs + 1);
    const taken = sliceBlock(this.#block, 0, end);
    this.#block = sliceBlock(this.#block, end, this.#block.length);
    return taken;
  }

  async close(): Promise<void> {
    this.#isDone = true;
    await this.#pages.return?.();
  }

  /** Goes on with pages of another size. */
  async #reopen(fromUs: number): Promise<void> {
    await this.#pages.return?.();
    this.#pageRows = this.#size.rows;
    this.#pages = this.#pagesFrom(fromUs, this.#pageRows)[Symbol.asyncIterator]();
  }
}
