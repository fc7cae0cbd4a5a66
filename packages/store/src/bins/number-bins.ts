import type { BinColumn } from '@katbus/protocol';
import type { ColumnBlock } from '../backend/column-block.ts';
import type { SampleSummary } from '../backend/sample-summary.ts';
import { VALUE_KIND } from '../backend/value-column.ts';
import { binAt, endOfBin, type BinGrid } from './bin-grid.ts';
import { placeFrom } from './block-columns.ts';
import { NumberBin } from './number-bin.ts';
import type { PageRoom } from './page-room.ts';
import type { SeriesBins } from './series-bins.ts';

/** About the bytes of a bin's number, and of a column's element, as JSON. */
const BIN_BYTES = 6;
const ELEMENT_BYTES: Readonly<Record<BinColumn, number>> = {
  count: 4,
  nan: 2,
  none: 2,
  min: 16,
  max: 16,
  mean: 19,
  status: 10,
  first: 16,
  firstTime: 18,
  last: 16,
  lastTime: 18,
};

/** Bins of a numeric sensor. A bin without a sample is left out. */
export class NumberBins implements SeriesBins {
  readonly entersBeforeUs = undefined;
  readonly #grid: BinGrid;
  readonly #room: PageRoom;
  readonly #bins: number[] = [];
  readonly #columns: { readonly name: BinColumn; readonly values: (number | string | null)[] }[];
  readonly #wantsStatus: boolean;
  readonly #binBytes: number;
  #open: NumberBin | undefined;

  /** @param carried of the page before */
  constructor(grid: BinGrid, room: PageRoom, columns: readonly BinColumn[], carried?: unknown) {
    this.#grid = grid;
    this.#room = room;
    this.#columns = columns.map((name) => ({ name, values: [] }));
    this.#wantsStatus = columns.includes('status');
    this.#binBytes = columns.reduce((bytes, name) => bytes + ELEMENT_BYTES[name], BIN_BYTES);
    this.#open = Array.isArray(carried) ? NumberBin.fromCarried(carried) : undefined;
  }

  enter(): void {
    // What came before the range is in none of its bins.
  }

  maySumUp(firstUs: number, lastUs: number): boolean {
    return binAt(this.#grid, firstUs) === binAt(this.#grid, lastUs);
  }

  take(block: ColumnBlock): number | undefined {
    const { timesUs, kinds, numbers, length } = block;
    const statuses = this.#wantsStatus ? block.statuses : undefined;
    const columns = { timesUs, kinds, numbers, statuses, isPlain: areNumbers(kinds) };
    for (let row = 0; row < length;) {
      const bin = this.#binFor(timesUs[row]!);
      if (bin === undefined) return timesUs[row];
      const end = placeFrom(timesUs, endOfBin(this.#grid, bin.bin), row);
      bin.add(columns, row, end);
      row = end;
    }
    return undefined;
  }

  takeSummary(summary: SampleSummary): number | undefined {
    const bin = this.#binFor(summary.firstUs);
    bin?.addSummary(summary);
    return bin === undefined ? summary.firstUs : undefined;
  }

  finish(): boolean {
    this.#close();
    return true;
  }

  carried(): unknown {
    return this.#open?.toCarried();
  }

  columns(): Record<string, unknown> {
    return {
      bin: this.#bins,
      ...Object.fromEntries(this.#columns.map(({ name, values }) => [name, values])),
    };
  }

  /** The bin of a time; undefined when it would be one more than there is room for. */
  #binFor(timeUs: number): NumberBin | undefined {
    const bin = binAt(this.#grid, timeUs);
    if (this.#open?.bin === bin) return this.#open;
    if (this.#room.isFull) return undefined;
    this.#close();
    this.#open = new NumberBin(bin);
    return this.#open;
  }

  #close(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#bins.push(open.bin);
    for (const { name, values } of this.#columns) values.push(open.read(name));
    this.#room.take(this.#binBytes);
    this.#open = undefined;
  }
}

/** By hand: called for each of millions of elements, `every` would cost more than adding them up. */
function areNumbers(kinds: Uint8Array): boolean {
  for (const kind of kinds) if (kind !== VALUE_KIND.number) return false;
  return true;
}
