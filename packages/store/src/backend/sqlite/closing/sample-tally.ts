import type { ColumnBlock } from '../../column-block.ts';

const doubles = new Float64Array(3);
const words = new Uint32Array(doubles.buffer);

/**
 * Counts samples, and adds up a hash of each, by sensor. Order does not matter and samples can be taken out again: so rows as they were read
 * are compared with chunks as they are found on the disk.
 */
export class SampleTally {
  readonly #counts: Float64Array;
  readonly #sums: Uint32Array;

  constructor(sensors: number) {
    this.#counts = new Float64Array(sensors);
    this.#sums = new Uint32Array(sensors);
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  addBlock(sensor: number, block: ColumnBlock): void {
    const { length, timesUs, valueTimesUs, statuses, kinds, numbers, texts } = block;
    for (let place = 0; place < length; place++) {
      this.add(
        sensor,
        timesUs[place]!,
        valueTimesUs[place]!,
        statuses[place]!,
        kinds[place]!,
        numbers[place]!,
        texts?.[place],
      );
    }
  }

  add(
    sensor: number,
    timeUs: number,
    valueTimeUs: number,
    status: number,
    kind: number,
    number: number,
    text: string | undefined,
  ): void {
    this.#counts[sensor]! += 1;
    this.#sums[sensor]! += hash(timeUs, valueTimeUs, status, kind, number, text);
  }

  /** One that another with its time has taken the place of. */
  remove(sensor: number, block: ColumnBlock, place: number): void {
    this.#counts[sensor]! -= 1;
    this.#sums[sensor]! -= hash(
      block.timesUs[place]!,
      block.valueTimesUs[place]!,
      block.statuses[place]!,
      block.kinds[place]!,
      block.numbers[place]!,
      block.texts?.[place],
    );
  }

  /** @returns the first sensor of which the other one has other samples; undefined: there is none */
  differsFrom(other: SampleTally): number | undefined {
    for (let sensor = 0; sensor < this.#counts.length; sensor++) {
      const isSame =
        this.#counts[sensor] === other.#counts[sensor] && this.#sums[sensor] === other.#sums[sensor];
      if (!isSame) return sensor;
    }
    return undefined;
  }
}

function hash(
  timeUs: number,
  valueTimeUs: number,
  status: number,
  kind: number,
  number: number,
  text: string | undefined,
): number {
  doubles[0] = timeUs;
  doubles[1] = valueTimeUs;
  doubles[2] = number;
  let hash = (status << 8) | kind;
  for (let place = 0; place < 6; place++) hash = mix(hash, words[place]!);
  for (let place = 0; place < (text?.length ?? 0); place++) hash = mix(hash, text!.charCodeAt(place));
  return hash;
}

/** A step of MurmurHash3. */
function mix(hash: number, word: number): number {
  const scrambled = Math.imul(rotate(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(hash ^ scrambled, 13), 5) + 0xe6546b64) >>> 0;
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
