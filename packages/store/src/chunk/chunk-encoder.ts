import { crc32 } from 'node:zlib';
import type { ColumnBlock } from '../backend/column-block.ts';
import { VALUE_KIND } from '../backend/value-column.ts';
import { ByteWriter } from './byte-writer.ts';
import {
  CHUNK_MAGIC,
  CHUNK_VERSION,
  COMPRESSION,
  DICTIONARY,
  ENTRY_BYTES,
  HEADER_BYTES,
  MOST_CHUNK_SAMPLES,
  NUMBERS,
  RUNS,
  SECTION,
  type SectionKind,
} from './chunk-format.ts';
import { compress, type EncodedColumn } from './chunk-section.ts';
import { writeIntegers } from './integer-column.ts';
import { toPlanes, writeNumbers } from './number-column.ts';
import { writeRuns } from './run-column.ts';
import { writeTexts } from './text-column.ts';

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
  const sections = columns.map((column) =>
    shallCompress ? pack(column) : { ...column, stored: column.bytes },
  );
  const directory = new ByteWriter();
  for (const { kind, encoding, bytes, stored } of sections) {
    directory.byte(kind);
    directory.byte(encoding);
    directory.byte(stored === bytes ? COMPRESSION.none : COMPRESSION.zstd);
    directory.byte(0);
    directory.uint32(stored.length);
    directory.uint32(bytes.length);
    directory.uint32(crc32(stored));
  }
  const header = new ByteWriter();
  header.uint32(CHUNK_MAGIC);
  header.byte(CHUNK_VERSION);
  header.byte(sections.length);
  header.byte(0);
  header.byte(0);
  header.uint32(length);
  header.uint32(crc32(directory.written(), crc32(header.written())));

  const start = HEADER_BYTES + ENTRY_BYTES * sections.length;
  const chunk = new Uint8Array(sections.reduce((bytes, { stored }) => bytes + stored.length, start));
  chunk.set(header.written());
  chunk.set(directory.written(), HEADER_BYTES);
  let at = start;
  for (const { stored } of sections) {
    chunk.set(stored, at);
    at += stored.length;
  }
  return chunk;
}

/** A column that is the same as its default throughout is left out. Numbers come first: doubles are then where they can be read in place. */
function encodeColumns(block: ColumnBlock): EncodedColumn[] {
  const columns: EncodedColumn[] = [];
  const add = (kind: SectionKind, write: (writer: ByteWriter) => number) => {
    const writer = new ByteWriter();
    const encoding = write(writer);
    columns.push({ kind, encoding, bytes: writer.written() });
  };
  const { length, timesUs, valueTimesUs, statuses, kinds } = block;
  const numbers = numbersOf(block);
  if (numbers.length > 0) add(SECTION.numbers, (writer) => writeNumbers(numbers, writer));
  add(SECTION.times, (writer) => writeIntegers(timesUs, writer));
  const ages = new Float64Array(length);
  for (let place = 0; place < length; place++) ages[place] = timesUs[place]! - valueTimesUs[place]!;
  if (ages.some((age) => age !== 0)) add(SECTION.valueTimes, (writer) => writeIntegers(ages, writer));
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
function pack(column: EncodedColumn): EncodedColumn & { readonly stored: Uint8Array } {
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

export function hasText(kind: number): boolean {
  return kind === VALUE_KIND.string || kind === VALUE_KIND.array || kind === VALUE_KIND.escaped;
}
