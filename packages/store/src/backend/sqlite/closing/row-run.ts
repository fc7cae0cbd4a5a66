import type { SQLOutputValue } from 'node:sqlite';
import type { ColumnBlock } from '../../column-block.ts';
import { newColumns } from '../../sample-block.ts';

const FIRST_ROOM = 1024;

/**
 * As many rows of all sensors as fit, in order of time as they are read, then handed out sensor by sensor.
 */
export class RowRun {
  readonly #room: number;
  #sensors = new Int32Array(FIRST_ROOM);
  #timesUs = new Float64Array(FIRST_ROOM);
  #valueTimesUs = new Float64Array(FIRST_ROOM);
  #statuses = new Uint8Array(FIRST_ROOM);
  #kinds = new Uint8Array(FIRST_ROOM);
  #numbers = new Float64Array(FIRST_ROOM);
  readonly #texts = new Map<number, string>();
  #length = 0;
  #textUnits = 0;

  /** @param room how many rows at most; each takes 30 bytes, and 4 to hand it out */
  constructor(room: number) {
    this.#room = room;
  }

  get length(): number {
    return this.#length;
  }

  /** No more rows, or no more text than rows would take. */
  get isFull(): boolean {
    return this.#length === this.#room || 2 * this.#textUnits > 32 * this.#room;
  }

  /** @param row an array of SAMPLE_COLUMNS */
  add(sensor: number, row: readonly SQLOutputValue[]): void {
    if (this.#length === this.#sensors.length) this.#grow();
    const place = this.#length++;
    this.#sensors[place] = sensor;
    this.#timesUs[place] = row[0] as number;
    this.#valueTimesUs[place] = row[1] as number;
    this.#statuses[place] = row[2] as number;
    this.#kinds[place] = row[3] as number;
    this.#numbers[place] = row[4] === null ? NaN : (row[4] as number);
    if (row[5] !== null) {
      const text = row[5] as string;
      this.#texts.set(place, text);
      this.#textUnits += text.length;
    }
  }

  /** By sensor, and for each in order of time; at most `most` samples in a block. */
  *bySensor(
    sensors: number,
    most: number,
  ): Generator<{ readonly sensor: number; readonly block: ColumnBlock }> {
    const { order, ends } = this.#sort(sensors);
    let from = 0;
    for (let sensor = 0; sensor < sensors; sensor++) {
      const end = ends[sensor]!;
      while (from < end) {
        const to = Math.min(end, from + most);
        yield { sensor, block: this.#gather(order.subarray(from, to)) };
        from = to;
      }
    }
  }

  clear(): void {
    this.#length = 0;
    this.#textUnits = 0;
    this.#texts.clear();
  }

  #grow(): void {
    const length = Math.min(this.#room, 2 * this.#sensors.length);
    this.#sensors = copyInto(new Int32Array(length), this.#sensors);
    this.#timesUs = copyInto(new Float64Array(length), this.#timesUs);
    this.#valueTimesUs = copyInto(new Float64Array(length), this.#valueTimesUs);
    this.#statuses = copyInto(new Uint8Array(length), this.#statuses);
    this.#kinds = copyInto(new Uint8Array(length), this.#kinds);
    this.#numbers = copyInto(new Float64Array(length), this.#numbers);
  }

  /** By counting: rows of one sensor keep their order. */
  #sort(sensors: number): { readonly order: Int32Array; readonly ends: Int32Array } {
    const ends = new Int32Array(sensors);
    for (let place = 0; place < this.#length; place++) ends[this.#sensors[place]!]!++;
    let total = 0;
    for (let sensor = 0; sensor < sensors; sensor++) {
      const count = ends[sensor]!;
      ends[sensor] = total;
      total += count;
    }
    const order = new Int32Array(this.#length);
    for (let place = 0; place < this.#length; place++) order[ends[this.#sensors[place]!]!++] = place;
    return { order, ends };
  }

  #gather(order: Int32Array): ColumnBlock {
    const { length } = order;
    const columns = newColumns(length);
    const { timesUs, valueTimesUs, statuses, kinds, numbers } = columns;
    let texts: (string | undefined)[] | undefined;
    for (let row = 0; row < length; row++) {
      const place = order[row]!;
      timesUs[row] = this.#timesUs[place]!;
      valueTimesUs[row] = this.#valueTimesUs[place]!;
      statuses[row] = this.#statuses[place]!;
      kinds[row] = this.#kinds[place]!;
      numbers[row] = this.#numbers[place]!;
      const text = this.#texts.size === 0 ? undefined : this.#texts.get(place);
      if (text === undefined) continue;
      texts ??= new Array<string | undefined>(length).fill(undefined);
      texts[row] = text;
    }
    return { ...columns, texts };
  }
}

function copyInto<Column extends { set(from: Column): void }>(into: Column, from: Column): Column {
  into.set(from);
  return into;
}
