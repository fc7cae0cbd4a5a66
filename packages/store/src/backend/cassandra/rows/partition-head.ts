import type { ColumnBlock } from '../../column-block.ts';
import { EMPTY_BLOCK, placeOf, sliceBlock } from '../../sample-block.ts';
import type { CellPage } from '../session/cell-page.ts';

/** How far a partition has been read. */
export class PartitionHead {
  readonly #pages: AsyncIterator<CellPage>;
  readonly #toBlock: (cells: CellPage) => ColumnBlock;
  #next: Promise<IteratorResult<CellPage, unknown>> | undefined;
  #block: ColumnBlock = EMPTY_BLOCK;
  #isDone = false;

  /** @param pages of its rows, in order of time */
  constructor(pages: AsyncIterable<CellPage>, toBlock: (cells: CellPage) => ColumnBlock) {
    this.#pages = pages[Symbol.asyncIterator]();
    this.#toBlock = toBlock;
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
}
