import type { ColumnBlock } from '../../column-block.ts';

/** Of the first page: what long values are like is seen before many of them are asked for. */
const FIRST_ROWS = 100;
/** Beside its text. */
const ROW_BYTES = 40;

/** How many rows a page of one sensor may have: as many as are wanted, fewer where values are long. */
export class PageSize {
  readonly #bytes: number;
  #fitting: number | undefined;

  /** @param mostBytes of a page, about */
  constructor(mostBytes: number) {
    this.#bytes = mostBytes;
  }

  /** Whether it follows from what was read. */
  get isLearned(): boolean {
    return this.#fitting !== undefined;
  }

  rows(mostRows: number): number {
    return Math.min(mostRows, this.#fitting ?? FIRST_ROWS);
  }

  learn({ length, texts }: ColumnBlock): void {
    if (length === 0) return;
    const bytes =
      texts === undefined
        ? length * ROW_BYTES
        : texts.reduce((sum, text) => sum + ROW_BYTES + (text?.length ?? 0), 0);
    this.#fitting = Math.max(1, Math.floor((this.#bytes * length) / bytes));
  }
}

/** Of the sensors that were read last: who reads on, page after page, need not find out again. */
export class PageSizes {
  readonly #bytes: number;
  readonly #most: number;
  readonly #sensors = new Map<number, PageSize>();

  /** @param mostSensors that are remembered */
  constructor(mostBytes: number, mostSensors: number) {
    this.#bytes = mostBytes;
    this.#most = mostSensors;
  }

  of(sensor: number): PageSize {
    const size = this.#sensors.get(sensor) ?? new PageSize(this.#bytes);
    // The one asked for last goes last.
    this.#sensors.delete(sensor);
    this.#sensors.set(sensor, size);
    if (this.#sensors.size > this.#most) this.#sensors.delete(this.#sensors.keys().next().value!);
    return size;
  }
}
