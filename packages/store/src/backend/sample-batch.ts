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

/** Samples as they are gathered, by columns: no object a sample, and nothing to be packed later. */
export class SampleBatch implements SampleSource {
  readonly numbering: NumberedSensors;
  readonly sensors: Int32Array<ArrayBuffer>;
  readonly times: Float64Array<ArrayBuffer>;
  readonly valueTimes: Float64Array<ArrayBuffer>;
  /** Places in STATUSES. */
  readonly statuses: Uint8Array<ArrayBuffer>;
  /** VALUE_KIND. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
  /** Of the messages that brought them. */
  readonly sequences: Float64Array<ArrayBuffer>;
  /** When the stream took those messages, microseconds. */
  readonly received: Float64Array<ArrayBuffer>;
  /** By row; most have none. */
  readonly texts = new Map<number, string>();
  /** Numbers of clock epochs by row; most have none. */
  readonly epochs = new Map<number, number>();
  #length = 0;

  constructor(numbering: NumberedSensors, capacity: number) {
    this.numbering = numbering;
    this.sensors = new Int32Array(capacity);
    this.times = new Float64Array(capacity);
    this.valueTimes = new Float64Array(capacity);
    this.statuses = new Uint8Array(capacity);
    this.kinds = new Uint8Array(capacity);
    this.values = new Float64Array(capacity);
    this.sequences = new Float64Array(capacity);
    this.received = new Float64Array(capacity);
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
    if (row >= this.sensors.length)
      throw new RangeError(`a batch of ${row} samples has no room for another one`);
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
