import type { ColumnBlock } from '../backend/column-block.ts';
import { hasText } from '../backend/value-column.ts';
import { ByteReader } from './byte-reader.ts';
import { hasNumber } from './chunk-encoder.ts';
import { RUNS, SECTION } from './chunk-format.ts';
import type { Container } from './container.ts';
import { readIntegers } from './integer-column.ts';
import { readNumbers } from './number-column.ts';
import { readRuns } from './run-column.ts';
import { readTexts } from './text-column.ts';

/**
 * The samples of a container as columns. Each column is checked and decoded when it is first asked for, so that bins of numbers cost nothing for
 * statuses and texts.
 */
export class ContainerBlock implements ColumnBlock {
  readonly length: number;
  readonly #container: Container;
  #times: Float64Array | undefined;
  #valueTimes: Float64Array | undefined;
  #statuses: Uint8Array | undefined;
  #kinds: Uint8Array | undefined;
  #numbers: Float64Array | undefined;
  #texts: (string | undefined)[] | undefined;

  /** Columns throw CORRUPT when they are asked for. */
  constructor(container: Container) {
    this.#container = container;
    this.length = container.length;
  }

  get timesUs(): Float64Array {
    return (this.#times ??= this.#integers(SECTION.times) ?? this.#fail('times'));
  }

  get valueTimesUs(): Float64Array {
    if (this.#valueTimes !== undefined) return this.#valueTimes;
    const ages = this.#integers(SECTION.valueTimes);
    const { timesUs } = this;
    if (ages === undefined) return (this.#valueTimes = timesUs);
    for (let place = 0; place < this.length; place++) ages[place] = timesUs[place]! - ages[place]!;
    return (this.#valueTimes = ages);
  }

  get statuses(): Uint8Array {
    return (this.#statuses ??= this.#runs(SECTION.statuses));
  }

  get kinds(): Uint8Array {
    return (this.#kinds ??= this.#runs(SECTION.kinds));
  }

  get numbers(): Float64Array {
    return (this.#numbers ??= this.#decodeNumbers());
  }

  get texts(): readonly (string | undefined)[] | undefined {
    if (!this.#container.has(SECTION.texts)) return undefined;
    return (this.#texts ??= this.#decodeTexts());
  }

  #decodeNumbers(): Float64Array {
    const section = this.#container.section(SECTION.numbers);
    if (section === undefined) return new Float64Array(this.length).fill(NaN);
    const { encoding, bytes } = section;
    if (!this.#container.has(SECTION.kinds)) {
      return readNumbers(encoding, this.length, bytes) ?? this.#fail('numbers');
    }
    const { kinds } = this;
    const some = readNumbers(encoding, countOf(kinds, hasNumber), bytes) ?? this.#fail('numbers');
    const numbers = new Float64Array(this.length).fill(NaN);
    let next = 0;
    for (let place = 0; place < this.length; place++)
      if (hasNumber(kinds[place]!)) numbers[place] = some[next++]!;
    return numbers;
  }

  #decodeTexts(): (string | undefined)[] {
    const { kinds } = this;
    const section = this.#container.section(SECTION.texts);
    const some =
      (section && readTexts(countOf(kinds, hasText), new ByteReader(section.bytes))) ?? this.#fail('texts');
    let next = 0;
    return Array.from(kinds, (kind) => (hasText(kind) ? some[next++] : undefined));
  }

  /** undefined: the section is not there. */
  #integers(kind: number): Float64Array | undefined {
    const section = this.#container.section(kind);
    if (section === undefined) return undefined;
    const reader = new ByteReader(section.bytes);
    const values = readIntegers(section.encoding, this.length, reader);
    return values !== undefined && reader.isAtEnd ? values : this.#fail('times');
  }

  #runs(kind: number): Uint8Array {
    const section = this.#container.section(kind);
    if (section === undefined) return new Uint8Array(this.length);
    const values =
      section.encoding === RUNS ? readRuns(this.length, new ByteReader(section.bytes)) : undefined;
    return values ?? this.#fail(kind === SECTION.kinds ? 'kinds' : 'statuses');
  }

  #fail(column: string): never {
    throw this.#container.corrupt(`its ${column} cannot be decoded`);
  }
}

function countOf(kinds: Uint8Array, is: (kind: number) => boolean): number {
  let count = 0;
  for (const kind of kinds) if (is(kind)) count++;
  return count;
}
