import { STATUSES } from '@katbus/protocol';
import type { SampleColumns } from '../../sample-columns.ts';
import { supersedes, type StoredSample } from '../../stored-sample.ts';
import { valueOf } from '../../value-column.ts';

const FIRST_ROOM = 1_024;

/** A latest sample as its table has it. */
export interface LatestRow {
  readonly timeUs: number;
  readonly valueTimeUs: number;
  /** A place in STATUSES. */
  readonly status: number;
  /** VALUE_KIND. */
  readonly kind: number;
  readonly value: number;
  /** Empty when the value has none. */
  readonly text: string;
  readonly epoch: number;
  /** The greatest time of any sample: another one than `timeUs` when a clock was set back. */
  readonly newestUs: number;
  /** Its write timestamp. */
  readonly writtenUs: number;
}

/**
 * Times and latest samples of all sensors, by their numbers, and whose latest is another than in the table. By columns: with hundreds of thousands of
 * sensors an object for each would be fetched from memory for every sample.
 */
export class LatestColumns {
  /** No sample is older; Infinity: there is none. */
  firstUs = new Float64Array(0);
  /** No sample is newer; -Infinity: there is none. */
  newestUs = new Float64Array(0);
  /** Of the latest samples; -Infinity: there is none. */
  timesUs = new Float64Array(0);
  epochs = new Float64Array(0);
  #valueTimes = new Float64Array(0);
  #statuses = new Uint8Array(0);
  #kinds = new Uint8Array(0);
  #values = new Float64Array(0);
  readonly #texts = new Map<number, string>();
  /** When the stream took the latest sample, and the write timestamp in the table. */
  #received = new Float64Array(0);
  #written = new Float64Array(0);
  #isChanged = new Uint8Array(0);
  #changed: number[] = [];

  /** Makes room for a sensor: of one that is not known yet nothing is known. */
  cover(number: number): void {
    if (number >= this.firstUs.length) this.#makeRoom(number + 1);
  }

  /** Nothing is known of any sensor. */
  clear(): void {
    this.firstUs = new Float64Array(0);
    this.newestUs = new Float64Array(0);
    this.timesUs = new Float64Array(0);
    this.epochs = new Float64Array(0);
    this.#valueTimes = new Float64Array(0);
    this.#statuses = new Uint8Array(0);
    this.#kinds = new Uint8Array(0);
    this.#values = new Float64Array(0);
    this.#texts.clear();
    this.#received = new Float64Array(0);
    this.#written = new Float64Array(0);
    this.#isChanged = new Uint8Array(0);
    this.#changed = [];
  }

  /** What the table says. */
  load(number: number, row: LatestRow): void {
    this.timesUs[number] = row.timeUs;
    this.newestUs[number] = row.newestUs;
    this.epochs[number] = row.epoch;
    this.#valueTimes[number] = row.valueTimeUs;
    this.#statuses[number] = row.status;
    this.#kinds[number] = row.kind;
    this.#values[number] = row.value;
    if (row.text !== '') this.#texts.set(number, row.text);
    this.#written[number] = row.writtenUs;
  }

  /**
   * The samples of a batch are stored.
   * @param onNewest told of each sample that is newer than all before it
   */
  take(
    columns: SampleColumns,
    received: Float64Array,
    onNewest: (number: number, timeUs: number) => void,
  ): void {
    const { count, sensors, times, valueTimes, statuses, kinds, values, texts, epochs } = columns;
    for (let row = 0; row < count; row++) {
      const number = sensors[row]!;
      const timeUs = times[row]!;
      if (timeUs > this.newestUs[number]!) {
        this.newestUs[number] = timeUs;
        onNewest(number, timeUs);
      }
      const epoch = epochs.size === 0 ? 0 : (epochs.get(row) ?? 0);
      if (!supersedes(timeUs, epoch, this.timesUs[number]!, this.epochs[number]!)) continue;
      this.timesUs[number] = timeUs;
      this.epochs[number] = epoch;
      this.#valueTimes[number] = valueTimes[row]!;
      this.#statuses[number] = statuses[row]!;
      this.#kinds[number] = kinds[row]!;
      this.#values[number] = values[row]!;
      this.#received[number] = received[row]!;
      const text = texts.size === 0 ? undefined : texts.get(row);
      if (text !== undefined) this.#texts.set(number, text);
      else if (this.#texts.size > 0) this.#texts.delete(number);
      this.change(number);
    }
  }

  /** @returns undefined when there is no sample */
  sampleOf(number: number): StoredSample | undefined {
    if (this.timesUs[number] === -Infinity) return undefined;
    return {
      timeUs: this.timesUs[number]!,
      valueTimeUs: this.#valueTimes[number]!,
      status: STATUSES[this.#statuses[number]!]!,
      value: valueOf(this.#kinds[number]!, this.#values[number]!, this.#texts.get(number) ?? ''),
    };
  }

  /** The table may not have what is here. */
  change(number: number): void {
    if (this.#isChanged[number] === 1) return;
    this.#isChanged[number] = 1;
    this.#changed.push(number);
  }

  /** They could not be written. */
  giveBack(numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#isChanged[number] = 1;
      this.#changed.push(number);
    }
  }

  /** Numbers of those that the table does not have: whoever takes them is to write them ({@link rowOf}), or to give them back. One may come twice. */
  takeChanged(): number[] {
    const changed = this.#changed;
    this.#changed = [];
    return changed;
  }

  /**
   * What is to be written now. Of two processes that take each other for dead the one with the later message stays, whoever writes last: the write
   * timestamp is when the stream took the message.
   */
  rowOf(number: number): LatestRow {
    this.#isChanged[number] = 0;
    const writtenUs = Math.max(this.#received[number]!, this.#written[number]! + 1);
    this.#written[number] = writtenUs;
    return {
      timeUs: this.timesUs[number]!,
      valueTimeUs: this.#valueTimes[number]!,
      status: this.#statuses[number]!,
      kind: this.#kinds[number]!,
      value: this.#values[number]!,
      text: this.#texts.get(number) ?? '',
      epoch: this.epochs[number]!,
      newestUs: this.newestUs[number]!,
      writtenUs,
    };
  }

  #makeRoom(least: number): void {
    const room = Math.max(least, FIRST_ROOM, 2 * this.firstUs.length);
    const known = this.firstUs.length;
    this.firstUs = longer(this.firstUs, new Float64Array(room)).fill(Infinity, known);
    this.newestUs = longer(this.newestUs, new Float64Array(room)).fill(-Infinity, known);
    this.timesUs = longer(this.timesUs, new Float64Array(room)).fill(-Infinity, known);
    this.epochs = longer(this.epochs, new Float64Array(room));
    this.#valueTimes = longer(this.#valueTimes, new Float64Array(room));
    this.#statuses = longer(this.#statuses, new Uint8Array(room));
    this.#kinds = longer(this.#kinds, new Uint8Array(room));
    this.#values = longer(this.#values, new Float64Array(room));
    this.#received = longer(this.#received, new Float64Array(room));
    this.#written = longer(this.#written, new Float64Array(room));
    this.#isChanged = longer(this.#isChanged, new Uint8Array(room));
  }
}

function longer<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
