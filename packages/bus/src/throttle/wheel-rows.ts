import { NOT_IN_WHEEL, type WheelAccess } from './timer-wheel.ts';

/** Whose deadlines are kept: rows, counted from 0. */
export interface RowDeadlines {
  /** Microseconds of the wheel's clock; Infinity: none. */
  deadlineUs(row: number): number;
  expire(row: number): void;
}

/** No neighbour. */
const NOBODY = -1;

/** Rows as entries of a timer wheel: 16 bytes each. */
export class WheelRows implements WheelAccess<number> {
  private slots = new Float64Array();
  private nexts = new Int32Array();
  private previouses = new Int32Array();
  private readonly rows: RowDeadlines;

  constructor(rows: RowDeadlines) {
    this.rows = rows;
  }

  deadlineUs(row: number): number {
    return this.rows.deadlineUs(row);
  }

  expire(row: number): void {
    this.rows.expire(row);
  }

  slot(row: number): number {
    return row < this.slots.length ? this.slots[row]! : NOT_IN_WHEEL;
  }

  setSlot(row: number, slot: number): void {
    if (row >= this.slots.length) this.grow(row + 1);
    this.slots[row] = slot;
  }

  next(row: number): number | undefined {
    return rowAt(this.nexts, row);
  }

  setNext(row: number, next: number | undefined): void {
    this.nexts[row] = next ?? NOBODY;
  }

  previous(row: number): number | undefined {
    return rowAt(this.previouses, row);
  }

  setPrevious(row: number, previous: number | undefined): void {
    this.previouses[row] = previous ?? NOBODY;
  }

  /** By a sixteenth, so that little of it stands empty. */
  private grow(least: number): void {
    const length = Math.max(least, Math.ceil(this.slots.length * 1.0625), 64);
    const slots = new Float64Array(length).fill(NOT_IN_WHEEL);
    slots.set(this.slots);
    this.slots = slots;
    this.nexts = grown(this.nexts, length);
    this.previouses = grown(this.previouses, length);
  }
}

function rowAt(rows: Int32Array, place: number): number | undefined {
  const row = rows[place];
  return row === NOBODY ? undefined : row;
}

function grown(rows: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length);
  larger.set(rows);
  return larger;
}
