import type { SensorAddress } from '@katbus/protocol';
import type { Page } from './backend.ts';

/** Collects the rows of one page until it is full, and knows whether more would have followed. */
export class PageFiller<Row extends SensorAddress> {
  readonly #limit: number;
  readonly #mostBytes: number;
  readonly #rows: Row[] = [];
  #bytes = 0;
  #isFull = false;

  constructor(limit: number, mostBytes = Infinity) {
    this.#limit = limit;
    this.#mostBytes = mostBytes;
  }

  /** @returns false when the page is full and the row is left for the next one */
  add(row: Row, bytes: number): boolean {
    this.#bytes += bytes;
    this.#isFull =
      this.#rows.length >= this.#limit || (this.#bytes > this.#mostBytes && this.#rows.length > 0);
    if (!this.#isFull) this.#rows.push(row);
    return !this.#isFull;
  }

  page(): Page<Row> {
    const last = this.#rows.at(-1);
    const next =
      this.#isFull && last !== undefined ? { component: last.component, sensor: last.sensor } : undefined;
    return { rows: this.#rows, next };
  }
}
