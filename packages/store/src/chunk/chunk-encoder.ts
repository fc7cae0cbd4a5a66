import type { ColumnBlock } from '../backend/column-block.ts';
import { hasText, VALUE_KIND } from '../backend/value-column.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  CHUNK_MAGIC,
  CHUNK_VERSION,
  DICTIONARY,
  MOST_CHUNK_SAMPLES,
  NUMBERS,
  RUNS,
  SECTION,
  type SectionKind,
} from './chunk-format.ts';
import { compress, type EncodedColumn } from './chunk-section.ts';
import { writeContainer, type ContainerFormat, type StoredColumn } from './container.ts';
import { writeIntegers } from './integer-column.ts';
import { toPlanes, writeNumbers } from './number-column.ts';
import { writeRuns } from './run-column.ts';
import { writeTexts } from './text-column.ts';

export const CHUNK_FORMAT: ContainerFormat = { name: 'chunk', magic: CHUNK_MAGIC, version: CHUNK_VERSION };

export interface ChunkOptions {
  /** Whether columns are compressed where it pays; default true. Without, writing takes a fifth of the time. */
  readonly compress?: boolean;
}

/**
 * A run of one sensor's samples in order of time, each time once, as bytes: STORAGE.md, "The chunk format".
 * @param block 1 to {@link MOST_CHUNK_SAMPLES} samples
 * @throws {RangeError} for fewer or more
 */
export function encodeChunk(block: ColumnBlock, options: ChunkOptions = {}): Uint8Array {
  const { length } = block;
  if (length < 1 || length > MOST_CHUNK_SAMPLES) {
    throw new RangeError(`a chunk has 1 to ${MOST_CHUNK_SAMPLES} samples, not ${length}`);
  }
  const columns = encodeColumns(block);
  const shallCompress = options.compress ?? true;
  const sections = columns.map((column) => (shallCompress ? pack(column) : unpacked(column)));
  return writeContainer(CHUNK_FORMAT, length, sections);
}

/** As it is, not compressed. */
export function unpacked(column: EncodedColumn): StoredColumn {
  return { ...column, stored: column.bytes };
}

/**
 * A column that is the same as its default throughout is left out. Numbers come first: doubles are then where they can be read in place.
 * @param integersOf how columns of integers are written
 */
export function encodeColumns(block: ColumnBlock, integersOf = writeIntegers): EncodedColumn[] {
  const columns: EncodedColumn[] = [];
  const add = (kind: SectionKind, write: (writer: ByteWriter) => number) => {
    const writer = new ByteWriter();
    const encoding = write(writer);
    columns.push({ kind, encoding, bytes: writer.written() });
  };
  const { length, timesUs, valueTimesUs, statuses, kinds } = block;
  const numbers = numbersOf(block);
  if (numbers.length > 0) add(SECTION.numbers, (writer) => writeNumbers(numbers, writer, integersOf));
  add(SECTION.times, (writer) => integersOf(timesUs, writer));
  const ages = new Float64Array(length);
  for (let place = 0; place < length; place++) ages[place] = timesUs[place]! - valueTimesUs[place]!;
  if (ages.some((age) => age !== 0)) add(SECTION.valueTimes, (writer) => integersOf(ages, writer));
  for (const [kind, values] of [
    [SECTION.statuses, statuses],
    [SECTION.kinds, kinds],
  ] as const) {
    if (values.every((value) => value === 0)) continue;
    add(kind, (writer) => {
      writeRuns(values, writer);
      return RUNS;
    });
  }
  const texts = textsOf(block);
  if (texts.length > 0) {
    add(SECTION.texts, (writer) => {
      writeTexts(texts, writer);
      return DICTIONARY;
    });
  }
  return columns;
}

/** Doubles are also tried with their bytes sorted by significance. */
function pack(column: EncodedColumn): StoredColumn {
  if (column.kind === SECTION.numbers && column.encoding === NUMBERS.doubles) {
    const planes = toPlanes(column.bytes);
    const stored = compress(planes);
    const plain = compress(column.bytes);
    if (stored !== undefined && stored.length < 0.9 * (plain?.length ?? Infinity)) {
      return { ...column, encoding: NUMBERS.planes, bytes: planes, stored };
    }
    return { ...column, stored: plain ?? column.bytes };
  }
  return { ...column, stored: compress(column.bytes) ?? column.bytes };
}

/** Those of the samples that are numbers or booleans. */
function numbersOf({ kinds, numbers }: ColumnBlock): Float64Array {
  if (kinds.every((kind) => kind === VALUE_KIND.number)) return numbers;
  return numbers.filter((_, place) => hasNumber(kinds[place]!));
}

function textsOf({ kinds, texts }: ColumnBlock): string[] {
  const some: string[] = [];
  if (texts === undefined) return some;
  for (const [place, kind] of kinds.entries()) if (hasText(kind)) some.push(texts[place]!);
  return some;
}

export function hasNumber(kind: number): boolean {
  return kind === VALUE_KIND.number || kind === VALUE_KIND.boolean;
}
