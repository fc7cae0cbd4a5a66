import type { SampleColumns } from '../sample-columns.ts';

const FIRST_ROOM = 1_024;

/** A sensor as the catalogue's file has it. */
export interface KnownSensor {
  readonly id: number;
  /** Times of the oldest and of the latest sample; Infinity and -Infinity: there is none. */
  readonly firstUs: number;
  readonly latestUs: number;
  /** The number of the clock epoch of the latest sample. */
  readonly latestEpoch: number;
}

/**
 * What is known of sensors, by the number that they have in this process, and what of it is not in the file yet. By columns: with hundreds
 * of thousands of sensors an object for each would be fetched from memory for every sample.
 */
export class SensorTable {
  /** In the catalogue; 0: not met yet. */
  ids = new Int32Array(FIRST_ROOM);
  /** Infinity: there is no sample. */
  firstUs = new Float64Array(FIRST_ROOM);
  /** -Infinity: there is no sample. */
  latestUs = new Float64Array(FIRST_ROOM);
  /** Numbers of the clock epochs of the latest samples. */
  latestEpochs = new Float64Array(FIRST_ROOM);
  valueTimes = new Float64Array(FIRST_ROOM);
  statuses = new Uint8Array(FIRST_ROOM);
  kinds = new Uint8Array(FIRST_ROOM);
  values = new Float64Array(FIRST_ROOM);
  readonly texts = new Map<number, string>();
  /** Numbers of sensors that the file does not have. */
  readonly added = new Set<number>();
  readonly firstChanged = new Set<number>();
  readonly epochChanged = new Set<number>();
  /** Whose latest sample is another than in the file. */
  changed: number[] = [];
  #isChanged = new Uint8Array(FIRST_ROOM);

  has(number: number): boolean {
    return number < this.ids.length && this.ids[number] !== 0;
  }

  add(number: number, known: KnownSensor, isNew: boolean): void {
    if (number >= this.ids.length) this.#makeRoom(number + 1);
    this.ids[number] = known.id;
    this.firstUs[number] = known.firstUs;
    this.latestUs[number] = known.latestUs;
    this.latestEpochs[number] = known.latestEpoch;
    if (isNew) this.added.add(number);
  }

  setFirst(number: number, timeUs: number): void {
    this.firstUs[number] = timeUs;
    this.firstChanged.add(number);
  }

  setLatest(number: number, columns: SampleColumns, row: number, epoch: number): void {
    const { times, valueTimes, statuses, kinds, values, texts } = columns;
    this.latestUs[number] = times[row]!;
    if (epoch !== this.latestEpochs[number]) {
      this.latestEpochs[number] = epoch;
      this.epochChanged.add(number);
    }
    this.valueTimes[number] = valueTimes[row]!;
    this.statuses[number] = statuses[row]!;
    this.kinds[number] = kinds[row]!;
    this.values[number] = values[row]!;
    const text = texts.size === 0 ? undefined : texts.get(row);
    if (text !== undefined) this.texts.set(number, text);
    else if (this.texts.size > 0) this.texts.delete(number);
    if (this.#isChanged[number] === 1) return;
    this.#isChanged[number] = 1;
    this.changed.push(number);
  }

  /** A sensor's latest sample as a batch of one. */
  columnsOf(number: number): SampleColumns {
    const text = this.texts.get(number);
    return {
      count: 1,
      sensors: Int32Array.of(number),
      times: Float64Array.of(this.latestUs[number]!),
      valueTimes: Float64Array.of(this.valueTimes[number]!),
      statuses: Uint8Array.of(this.statuses[number]!),
      kinds: Uint8Array.of(this.kinds[number]!),
      values: Float64Array.of(this.values[number]!),
      texts: new Map(text === undefined ? [] : [[0, text]]),
      epochs: new Map([[0, this.latestEpochs[number]!]]),
    };
  }

  forgetChanges(): void {
    for (const number of this.changed) this.#isChanged[number] = 0;
    this.changed = [];
    this.firstChanged.clear();
    this.epochChanged.clear();
    this.texts.clear();
  }

  #makeRoom(least: number): void {
    const room = Math.max(least, 2 * this.ids.length);
    this.ids = longer(this.ids, new Int32Array(room));
    this.firstUs = longer(this.firstUs, new Float64Array(room));
    this.latestUs = longer(this.latestUs, new Float64Array(room));
    this.latestEpochs = longer(this.latestEpochs, new Float64Array(room));
    this.valueTimes = longer(this.valueTimes, new Float64Array(room));
    this.statuses = longer(this.statuses, new Uint8Array(room));
    this.kinds = longer(this.kinds, new Uint8Array(room));
    this.values = longer(this.values, new Float64Array(room));
    this.#isChanged = longer(this.#isChanged, new Uint8Array(room));
  }
}

function longer<Column extends { set(from: Column): void }>(from: Column, to: Column): Column {
  to.set(from);
  return to;
}
