import { STATUSES, type SensorAddress } from '@katbus/protocol';
import type { SampleRow, StoredValue } from './stored-sample.ts';
import { kindOf, numberOf, textOf, VALUE_KIND, valueOf } from './value-column.ts';

/** Samples that are counted and gone through: an array of rows is one. */
export interface SampleSource extends Iterable<SampleRow> {
  readonly length: number;
}

/** Whose samples a batch holds, by number. The same object knows the same numbers for as long as it lives. */
export interface NumberedSensors {
  addressOf(number: number): SensorAddress;
}

/** Where a message stands in the stream, and when the stream took it. */
export interface StreamPlace {
  readonly sequence: number;
  readonly timestampUs: number;
}

/** Room for so many is made at first; it doubles as they come. */
const FIRST_ROWS = 4_096;

/** Samples as they are gathered, by columns: no object a sample, and nothing to be packed later. A column has room for more than there are. */
export class SampleBatch implements SampleSource {
  readonly numbering: NumberedSensors;
  sensors: Int32Array<ArrayBuffer>;
  times: Float64Array<ArrayBuffer>;
  valueTimes: Float64Array<ArrayBuffer>;
  /** Places in STATUSES. */
  statuses: Uint8Array<ArrayBuffer>;
  /** VALUE_KIND. */
  kinds: Uint8Array<ArrayBuffer>;
  values: Float64Array<ArrayBuffer>;
  /** Of the messages that brought them. */
  sequences: Float64Array<ArrayBuffer>;
  /** When the stream took those messages, microseconds. */
  received: Float64Array<ArrayBuffer>;
  /** By row; most have none. */
  readonly texts = new Map<number, string>();
  /** Numbers of clock epochs by row; most have none. */
  readonly epochs = new Map<number, number>();
  readonly #capacity: number;
  #length = 0;

  /** @param capacity most samples */
  constructor(numbering: NumberedSensors, capacity: number) {
    this.numbering = numbering;
    this.#capacity = capacity;
    const rows = Math.min(capacity, FIRST_ROWS);
    this.sensors = new Int32Array(rows);
    this.times = new Float64Array(rows);
    this.valueTimes = new Float64Array(rows);
    this.statuses = new Uint8Array(rows);
    this.kinds = new Uint8Array(rows);
    this.values = new Float64Array(rows);
    this.sequences = new Float64Array(rows);
    this.received = new Float64Array(rows);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * @param message that brings it
   * @throws {RangeError} past its capacity
   */
  add(
    message: StreamPlace,
    sensor: number,
    timeUs: number,
    valueTimeUs: number,
    statusRank: number,
    value: StoredValue,
    epoch = 0,
  ): void {
    const row = this.#length;
    // A typed array drops what is written outside of it without a word.
    if (row === this.sensors.length) this.#makeRoom();
    this.#length = row + 1;
    this.sequences[row] = message.sequence;
    this.received[row] = message.timestampUs;
    if (epoch !== 0) this.epochs.set(row, epoch);
    this.sensors[row] = sensor;
    this.times[row] = timeUs;
    this.valueTimes[row] = valueTimeUs;
    this.statuses[row] = statusRank;
    if (typeof value === 'number') {
      this.kinds[row] = Number.isNaN(value) ? VALUE_KIND.nan : VALUE_KIND.number;
      this.values[row] = value;
      return;
    }
    this.kinds[row] = kindOf(value);
    this.values[row] = numberOf(value);
    const text = textOf(value);
    if (text !== undefined) this.texts.set(row, text);
  }

  #makeRoom(): void {
    const length = this.#length;
    if (length >= this.#capacity)
      throw new RangeError(`a batch of ${length} samples has no room for another one`);
    const rows = Math.min(this.#capacity, 2 * length);
    this.sensors = grown(this.sensors, new Int32Array(rows));
    this.times = grown(this.times, new Float64Array(rows));
    this.valueTimes = grown(this.valueTimes, new Float64Array(rows));
    this.statuses = grown(this.statuses, new Uint8Array(rows));
    this.kinds = grown(this.kinds, new Uint8Array(rows));
    this.values = grown(this.values, new Float64Array(rows));
    this.sequences = grown(this.sequences, new Float64Array(rows));
    this.received = grown(this.received, new Float64Array(rows));
  }

  *[Symbol.iterator](): Iterator<SampleRow> {
    for (let row = 0; row < this.#length; row++) {
      const { component, sensor } = this.numbering.addressOf(this.sensors[row]!);
      yield {
        component,
        sensor,
        timeUs: this.times[row]!,
        valueTimeUs: this.valueTimes[row]!,
        status: STATUSES[this.statuses[row]!]!,
        value: valueOf(this.kinds[row]!, this.values[row]!, this.texts.get(row) ?? null),
        epoch: this.epochs.get(row) ?? 0,
        sequence: this.sequences[row]!,
        receivedUs: this.received[row]!,
      };
    }
  }
}

function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
