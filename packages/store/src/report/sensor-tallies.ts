import type { SensorAddress } from '@katbus/protocol';
import type { CatalogueRow, TallyPart } from '../backend/backend.ts';
import { SampleBatch, type SampleSource } from '../backend/sample-batch.ts';
import { SensorNumbers } from '../backend/sensor-numbers.ts';
import type { SampleRow } from '../backend/stored-sample.ts';
import { kindOf, numberOf, textOf } from '../backend/value-column.ts';
import {
  AT,
  clearTally,
  countSample,
  TALLY_DOUBLES,
  textHash,
  type TalliedSample,
  type TallyField,
} from './sensor-tally.ts';
import {
  decodeTallyPart,
  encodeTallyPart,
  isSensorPart,
  sensorPartName,
  type TallyPartError,
} from './tally-part.ts';

/** Sensors of a part: what is written at once. */
const PART_SENSORS = 1_000;
const FIRST_ROOM = PART_SENSORS;

/** What is counted of each sensor, by numbers from 0 on, in the order in which they came up. */
export class SensorTallies {
  readonly #numbers = new SensorNumbers();
  readonly #addresses: SensorAddress[] = [];
  #rows = new Float64Array(FIRST_ROOM * TALLY_DOUBLES);
  /** Since when the newest attributes hold; NaN: there are none. */
  #announcedUs = new Float64Array(FIRST_ROOM);
  /** Whether samples before the next one may have been left out. */
  #isResumed = new Uint8Array(FIRST_ROOM);
  /** Whether a part is not as the back end has it: looked at with each sample. */
  #isChanged = new Uint8Array(1);
  /** Filled anew for each sample: an object less to be made and thrown away. */
  readonly #sample: TalliedSample = { timeUs: 0, receivedUs: 0, sequence: 0, kind: 0, value: 0, epoch: 0 };

  /** Known sensors. */
  get size(): number {
    return this.#addresses.length;
  }

  get parts(): number {
    return Math.ceil(this.size / PART_SENSORS);
  }

  addressOf(number: number): SensorAddress {
    return this.#addresses[number]!;
  }

  /** @returns a field of a sensor's row */
  figure(number: number, field: TallyField): number {
    return this.#rows[number * TALLY_DOUBLES + AT[field]]!;
  }

  /** The rows of all sensors; good until the next call that counts. */
  get rows(): Float64Array {
    return this.#rows;
  }

  /** Unix microseconds; NaN: it has no attributes. */
  announcedUs(number: number): number {
    return this.#announcedUs[number]!;
  }

  /** Counts samples in, but for those that were counted before or whose place in the stream is not known. */
  count(samples: SampleSource): void {
    if (samples instanceof SampleBatch) this.#countColumns(samples);
    else for (const row of samples) this.#countRow(row);
  }

  announced(address: SensorAddress, fromUs: number): void {
    const number = this.#meet(address);
    if (this.#announcedUs[number]! >= fromUs) return;
    this.#announcedUs[number] = fromUs;
    this.#isChanged[partOf(number)] = 1;
  }

  /** What the catalogue says of a sensor that may not be known here, or of which nothing was counted yet. */
  know(row: CatalogueRow): void {
    const number = this.#meet(row);
    if (row.attributesFromUs !== undefined) this.announced(row, row.attributesFromUs);
    if (this.figure(number, 'samples') > 0 || row.lastUs === undefined) return;
    this.#rows[number * TALLY_DOUBLES + AT.lastUs] = row.lastUs;
    this.#isChanged[partOf(number)] = 1;
  }

  isChanged(part: number): boolean {
    return this.#isChanged[part] === 1;
  }

  /** A part to be written; from now on it counts as written. @param throughUs through which message of the stream everything is counted */
  takePart(part: number, throughUs: number): TallyPart {
    this.#isChanged[part] = 0;
    const from = part * PART_SENSORS;
    const to = Math.min(this.size, from + PART_SENSORS);
    return {
      name: sensorPartName(part),
      data: encodeTallyPart({
        throughUs,
        addresses: this.#addresses.slice(from, to),
        announcedUs: this.#announcedUs.subarray(from, to),
        rows: this.#rows.subarray(from * TALLY_DOUBLES, to * TALLY_DOUBLES),
      }),
    };
  }

  /** What {@link takePart} gave could not be written. */
  notWritten(part: number): void {
    this.#isChanged[part] = 1;
  }

  /**
   * Takes parts in as the back end has them, before anything is counted.
   * @param countedUs through which message everything is in the parts, whatever they say of themselves
   * @param startUs from which message on the stream is read: where a part does not reach so far, samples were left out
   * @throws {TallyPartError} of a part that is damaged or of a later version; the others are taken
   */
  restore(parts: readonly TallyPart[], countedUs: number, startUs: number): void {
    const own = parts.filter(({ name }) => isSensorPart(name)).sort((a, b) => order(a.name) - order(b.name));
    let fault: TallyPartError | undefined;
    for (const { data } of own) {
      try {
        const { throughUs, addresses, announcedUs, rows } = decodeTallyPart(data);
        const isResumed = Math.max(throughUs, countedUs) < startUs;
        for (const [place, address] of addresses.entries()) {
          const number = this.#meet(address);
          this.#rows.set(
            rows.subarray(place * TALLY_DOUBLES, (place + 1) * TALLY_DOUBLES),
            number * TALLY_DOUBLES,
          );
          this.#announcedUs[number] = announcedUs[place]!;
          this.#isResumed[number] = isResumed ? 1 : 0;
        }
      } catch (error) {
        fault = error as TallyPartError;
      }
    }
    if (fault !== undefined) throw fault;
    this.#isChanged.fill(0);
  }

  #countColumns(batch: SampleBatch): void {
    const { length, times, received, sequences, kinds, values, texts, epochs } = batch;
    const numbers = this.#numbers.translate(batch.numbering, batch.sensors.subarray(0, length));
    this.#meetFresh();
    const sample = this.#sample;
    for (let row = 0; row < length; row++) {
      const text = texts.size === 0 ? undefined : texts.get(row);
      sample.timeUs = times[row]!;
      sample.receivedUs = received[row]!;
      sample.sequence = sequences[row]!;
      sample.kind = kinds[row]!;
      sample.value = text === undefined ? values[row]! : textHash(text);
      sample.epoch = epochs.size === 0 ? 0 : (epochs.get(row) ?? 0);
      this.#countOne(numbers[row]!, sample);
    }
  }

  #countRow(row: SampleRow): void {
    const { timeUs, receivedUs, sequence, value, epoch = 0 } = row;
    if (receivedUs === undefined || sequence === undefined) return;
    const text = textOf(value);
    this.#countOne(this.#meet(row), {
      timeUs,
      receivedUs,
      sequence,
      kind: kindOf(value),
      value: text === undefined ? numberOf(value) : textHash(text),
      epoch,
    });
  }

  #countOne(number: number, sample: TalliedSample): void {
    const isResumed = this.#isResumed[number] === 1;
    if (!countSample(this.#rows, number * TALLY_DOUBLES, sample, isResumed)) return;
    if (isResumed) this.#isResumed[number] = 0;
    this.#isChanged[partOf(number)] = 1;
  }

  #meet(address: SensorAddress): number {
    const number = this.#numbers.numberOf(address);
    this.#meetFresh();
    return number;
  }

  #meetFresh(): void {
    for (const { component, sensor } of this.#numbers.takeFresh()) {
      const number = this.#addresses.push({ component, sensor }) - 1;
      if (number >= this.#announcedUs.length) this.#makeRoom();
      clearTally(this.#rows, number * TALLY_DOUBLES);
      this.#announcedUs[number] = NaN;
      this.#isChanged[partOf(number)] = 1;
    }
  }

  #makeRoom(): void {
    const room = 2 * this.#announcedUs.length;
    this.#rows = grown(this.#rows, new Float64Array(room * TALLY_DOUBLES));
    this.#announcedUs = grown(this.#announcedUs, new Float64Array(room));
    this.#isResumed = grown(this.#isResumed, new Uint8Array(room));
    this.#isChanged = grown(this.#isChanged, new Uint8Array(partOf(room - 1) + 1));
  }
}

function partOf(number: number): number {
  return Math.floor(number / PART_SENSORS);
}

function order(name: string): number {
  return Number(name.slice(name.lastIndexOf('-') + 1));
}

function grown<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
