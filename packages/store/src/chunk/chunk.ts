import { crc32 } from 'node:zlib';
import type { ColumnBlock } from '../backend/column-block.ts';
import { StoreError } from '../errors.ts';
import { ByteReader } from './byte-reader.ts';
import { hasNumber, hasText } from './chunk-encoder.ts';
import {
  CHUNK_MAGIC,
  CHUNK_VERSION,
  ENTRY_BYTES,
  HEADER_BYTES,
  MOST_CHUNK_SAMPLES,
  RUNS,
  SECTION,
} from './chunk-format.ts';
import { unpackSection, type SectionEntry } from './chunk-section.ts';
import { readIntegers } from './integer-column.ts';
import { readNumbers } from './number-column.ts';
import { readRuns } from './run-column.ts';
import { readTexts } from './text-column.ts';

/**
 * A chunk read as columns. Each column is checked and decoded when it is first asked for, so that bins of numbers cost nothing for statuses
 * and texts.
 */
export class Chunk implements ColumnBlock {
  readonly length: number;
  readonly #bytes: Uint8Array;
  readonly #place: string;
  readonly #sections = new Map<number, { readonly entry: SectionEntry; readonly offset: number }>();
  #times: Float64Array | undefined;
  #valueTimes: Float64Array | undefined;
  #statuses: Uint8Array | undefined;
  #kinds: Uint8Array | undefined;
  #numbers: Float64Array | undefined;
  #texts: (string | undefined)[] | undefined;

  /**
   * @param place where the bytes are from, for messages
   * @throws {StoreError} CORRUPT, or SCHEMA_VERSION when a later Katbus has written it. Columns throw CORRUPT when they are asked for
   */
  constructor(bytes: Uint8Array, place: string) {
    this.#bytes = bytes;
    this.#place = place;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== CHUNK_MAGIC)
      throw this.#corrupt('is no chunk');
    const version = bytes[4]!;
    if (version !== CHUNK_VERSION) {
      throw new StoreError(
        'SCHEMA_VERSION',
        `${place}: a chunk of version ${version}, this Katbus knows ${CHUNK_VERSION}: run a later one`,
        place,
      );
    }
    const sections = bytes[5]!;
    const start = HEADER_BYTES + ENTRY_BYTES * sections;
    this.length = view.getUint32(8, true);
    const checksum = crc32(bytes.subarray(HEADER_BYTES, start), crc32(bytes.subarray(0, 12)));
    const isWhole = bytes.length >= start && checksum === view.getUint32(12, true);
    if (!isWhole || this.length < 1 || this.length > MOST_CHUNK_SAMPLES)
      throw this.#corrupt('has a damaged header');
    let offset = start;
    for (let at = HEADER_BYTES; at < start; at += ENTRY_BYTES) {
      const entry = {
        kind: bytes[at]!,
        encoding: bytes[at + 1]!,
        compression: bytes[at + 2]!,
        storedBytes: view.getUint32(at + 4, true),
        encodedBytes: view.getUint32(at + 8, true),
        checksum: view.getUint32(at + 12, true),
      };
      this.#sections.set(entry.kind, { entry, offset });
      offset += entry.storedBytes;
    }
    if (offset !== bytes.length) throw this.#corrupt('is cut short, or too long');
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
    if (!this.#sections.has(SECTION.texts)) return undefined;
    return (this.#texts ??= this.#decodeTexts());
  }

  #decodeNumbers(): Float64Array {
    const section = this.#section(SECTION.numbers);
    if (section === undefined) return new Float64Array(this.length).fill(NaN);
    const { encoding, bytes } = section;
    if (!this.#sections.has(SECTION.kinds)) {
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
    const section = this.#section(SECTION.texts);
    const some =
      (section && readTexts(countOf(kinds, hasText), new ByteReader(section.bytes))) ?? this.#fail('texts');
    let next = 0;
    return Array.from(kinds, (kind) => (hasText(kind) ? some[next++] : undefined));
  }

  /** undefined: the section is not there. */
  #integers(kind: number): Float64Array | undefined {
    const section = this.#section(kind);
    if (section === undefined) return undefined;
    const reader = new ByteReader(section.bytes);
    const values = readIntegers(section.encoding, this.length, reader);
    return values !== undefined && reader.isAtEnd ? values : this.#fail('times');
  }

  #runs(kind: number): Uint8Array {
    const section = this.#section(kind);
    if (section === undefined) return new Uint8Array(this.length);
    const values =
      section.encoding === RUNS ? readRuns(this.length, new ByteReader(section.bytes)) : undefined;
    return values ?? this.#fail(kind === SECTION.kinds ? 'kinds' : 'statuses');
  }

  #section(kind: number): { readonly encoding: number; readonly bytes: Uint8Array } | undefined {
    const section = this.#sections.get(kind);
    if (section === undefined) return undefined;
    const { entry, offset } = section;
    const stored = this.#bytes.subarray(offset, offset + entry.storedBytes);
    const bytes = unpackSection(stored, entry);
    if (bytes === undefined) throw this.#corrupt(`section ${kind} is damaged`);
    return { encoding: entry.encoding, bytes };
  }

  #fail(column: string): never {
    throw this.#corrupt(`its ${column} cannot be decoded`);
  }

  #corrupt(what: string): StoreError {
    return new StoreError(
      'CORRUPT',
      `${this.#place}: the chunk ${what}: put back a copy of the file`,
      this.#place,
    );
  }
}

function countOf(kinds: Uint8Array, is: (kind: number) => boolean): number {
  let count = 0;
  for (const kind of kinds) if (is(kind)) count++;
  return count;
}
