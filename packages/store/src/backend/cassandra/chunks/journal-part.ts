import { ByteReader } from '../../../chunk/byte-reader.ts';
import { ByteWriter } from '../../../chunk/byte-writer.ts';
import { encodeColumns, unpacked } from '../../../chunk/chunk-encoder.ts';
import { JOURNAL_MAGIC, JOURNAL_VERSION, SECTION, SPANS } from '../../../chunk/chunk-format.ts';
import type { EncodedColumn } from '../../../chunk/chunk-section.ts';
import { Container, writeContainer, type ContainerFormat } from '../../../chunk/container.ts';
import { ContainerBlock } from '../../../chunk/container-block.ts';
import { readIntegers, writeOffsets } from '../../../chunk/integer-column.ts';
import type { ColumnBlock } from '../../column-block.ts';

const JOURNAL_FORMAT: ContainerFormat = {
  name: 'journal row',
  magic: JOURNAL_MAGIC,
  version: JOURNAL_VERSION,
};

/** Samples of several sensors as a row of the journal has them: sensor after sensor, those of each in the order of the stream. */
export interface JournalSamples {
  /** `time` may go back, and come twice. */
  readonly block: ColumnBlock;
  /** When the stream took each, whole microseconds. */
  readonly received: Float64Array;
  /** Ids of sensors; one may come twice. */
  readonly sensors: Float64Array;
  /** How many samples each of them has, in turn. */
  readonly counts: Float64Array;
}

/** As bytes: STORAGE.md, "The journal format". @param samples one at least, and no more than a chunk has */
export function encodeJournalPart({ block, received, sensors, counts }: JournalSamples): Uint8Array {
  const columns = encodeColumns(block, writeOffsets);
  const spans = new ByteWriter();
  const ofCounts = new ByteWriter();
  spans.varint(sensors.length);
  spans.byte(writeOffsets(counts, ofCounts));
  spans.append(ofCounts.written());
  for (const sensor of sensors) spans.double(sensor);
  columns.push({ kind: SECTION.sensors, encoding: SPANS, bytes: spans.written() });
  columns.push(integers(SECTION.received, received));
  return writeContainer(JOURNAL_FORMAT, block.length, columns.map(unpacked));
}

function integers(kind: typeof SECTION.received, values: Float64Array): EncodedColumn {
  const writer = new ByteWriter();
  const encoding = writeOffsets(values, writer);
  return { kind, encoding, bytes: writer.written() };
}

/** Where in a row the samples of a sensor are. */
export interface JournalSpan {
  readonly from: number;
  readonly to: number;
}

/** A row of the journal, decoded as far as it is asked for. */
export class JournalPart implements JournalSamples {
  readonly block: ColumnBlock;
  readonly sensors: Float64Array;
  readonly counts: Float64Array;
  readonly #container: Container;
  #received: Float64Array | undefined;

  /**
   * @param place where the bytes are from, for messages
   * @throws {StoreError} CORRUPT, SCHEMA_VERSION
   */
  constructor(bytes: Uint8Array, place: string) {
    this.#container = new Container(bytes, JOURNAL_FORMAT, place);
    this.block = new ContainerBlock(this.#container);
    const spans = this.#spans();
    if (spans === undefined) throw this.#container.corrupt('does not say whose its samples are');
    ({ sensors: this.sensors, counts: this.counts } = spans);
  }

  get received(): Float64Array {
    return (this.#received ??= this.#decodeReceived());
  }

  /** Of one sensor; mostly one or none. */
  *spansOf(sensor: number): Generator<JournalSpan, void, void> {
    let place = this.sensors.indexOf(sensor);
    if (place < 0) return;
    let from = 0;
    for (let before = 0; before < place; before++) from += this.counts[before]!;
    for (; place < this.sensors.length; place++) {
      const to = from + this.counts[place]!;
      if (this.sensors[place] === sensor) yield { from, to };
      from = to;
    }
  }

  #spans(): { sensors: Float64Array; counts: Float64Array } | undefined {
    const section = this.#container.section(SECTION.sensors);
    if (section?.encoding !== SPANS) return undefined;
    const reader = new ByteReader(section.bytes);
    const length = reader.varint();
    if (length > this.#container.length) return undefined;
    const counts = readIntegers(reader.byte(), length, reader);
    const sensors = Float64Array.from({ length }, () => reader.double());
    const areWhole = counts?.every((count) => count >= 1) === true && reader.isAtEnd;
    if (!areWhole) return undefined;
    return sum(counts) === this.#container.length ? { sensors, counts } : undefined;
  }

  #decodeReceived(): Float64Array {
    const section = this.#container.section(SECTION.received);
    const reader = new ByteReader(section?.bytes ?? new Uint8Array());
    const values = section && readIntegers(section.encoding, this.#container.length, reader);
    if (values === undefined || !reader.isAtEnd) throw this.#container.corrupt('does not say when they came');
    return values;
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
