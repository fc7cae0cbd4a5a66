import { STATUSES } from '@katbus/protocol';
import type { ColumnBlock } from '../backend/column-block.ts';
import { sampleAt } from '../backend/sample-block.ts';
import { toWire, type StoredSample, type StoredValue } from '../backend/stored-sample.ts';
import { binAt, endOfBin, type BinGrid } from './bin-grid.ts';
import { placeFrom } from './block-columns.ts';
import type { PageRoom } from './page-room.ts';
import type { SeriesBins } from './series-bins.ts';

const BIN_BYTES = 25;
const ELEMENT_BYTES = 20;

interface ArrayBin {
  readonly bin: number;
  count: number;
  worst: number;
  lastUs: number;
  last: StoredValue;
}

/** Bins of a sensor of arrays: how many there were, and the last one. A bin without a sample is left out. */
export class ArrayBins implements SeriesBins {
  readonly #grid: BinGrid;
  readonly #room: PageRoom;
  readonly #closed: ArrayBin[] = [];
  #open: ArrayBin | undefined;

  /** @param carried of the page before */
  constructor(grid: BinGrid, room: PageRoom, carried?: unknown) {
    this.#grid = grid;
    this.#room = room;
    if (carried === undefined) return;
    const [bin, count, worst, lastUs] = carried as readonly [number, number, number, number];
    this.#open = { bin, count, worst, lastUs, last: null };
  }

  /** The array itself may be longer than what a request can carry: its time is carried, and it is read again. */
  get entersBeforeUs(): number | undefined {
    return this.#open === undefined ? undefined : this.#open.lastUs + 1;
  }

  enter({ value }: StoredSample): void {
    if (this.#open !== undefined) this.#open.last = value;
  }

  maySumUp(): boolean {
    return false;
  }

  take(block: ColumnBlock): number | undefined {
    const { timesUs, statuses, length } = block;
    for (let row = 0; row < length;) {
      const bin = binAt(this.#grid, timesUs[row]!);
      if (this.#open?.bin !== bin) {
        if (this.#room.isFull) return timesUs[row];
        this.#close();
        this.#open = { bin, count: 0, worst: 0, lastUs: 0, last: null };
      }
      const end = placeFrom(timesUs, endOfBin(this.#grid, bin), row);
      this.#open.count += end - row;
      for (; row < end; row++) this.#open.worst = Math.max(this.#open.worst, statuses[row]!);
      const { timeUs, value } = sampleAt(block, end - 1);
      this.#open.lastUs = timeUs;
      this.#open.last = value;
    }
    return undefined;
  }

  takeSummary(): never {
    throw new Error('a summary has no arrays');
  }

  finish(): boolean {
    this.#close();
    return true;
  }

  carried(): unknown {
    if (this.#open === undefined) return undefined;
    const { bin, count, worst, lastUs } = this.#open;
    return [bin, count, worst, lastUs];
  }

  columns(): Record<string, unknown> {
    return {
      bin: this.#closed.map(({ bin }) => bin),
      count: this.#closed.map(({ count }) => count),
      status: this.#closed.map(({ worst }) => STATUSES[worst]!),
      last: this.#closed.map(({ last }) => toWire(last)),
    };
  }

  #close(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#closed.push(open);
    const elements = Array.isArray(open.last) ? open.last.length : 1;
    this.#room.take(BIN_BYTES + ELEMENT_BYTES * elements);
  }
}
