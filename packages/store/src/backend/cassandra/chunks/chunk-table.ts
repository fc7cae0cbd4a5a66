import type { ChunkSummary } from '../../../chunk/chunk-summary.ts';
import { summaryOf, summaryValues } from '../../../chunk/chunk-summary.ts';
import { encodeChunk } from '../../../chunk/chunk-encoder.ts';
import { Chunk } from '../../../chunk/chunk.ts';
import type { ColumnBlock } from '../../column-block.ts';
import type { CqlSession, CqlValue } from '../session/cql-session.ts';

/** Columns of a row beside its key and its samples, in the order of {@link chunkValues}. */
export const SUMMARY_COLUMNS =
  'from_t, first_t, last_t, count, numbers, nans, min, max, sum, first_value, last_value, worst, received_to';
const OF_SENSORS = 'FROM chunks WHERE sensor IN ? AND bucket = ? AND from_t >= ?';
const BEGINNINGS = `SELECT sensor, from_t, count, received_to ${OF_SENSORS} AND from_t < ?`;
const CHUNKS = `SELECT sensor, from_t, received_to, data ${OF_SENSORS} AND from_t < ?`;
const ANY_FROM = `SELECT sensor ${OF_SENSORS} PER PARTITION LIMIT 1`;
export const CHUNK_INSERT = `INSERT INTO chunks (sensor, bucket, ${SUMMARY_COLUMNS}, data)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ?`;

/** Some MB at the most. */
const CHUNKS_A_PAGE = 32;

/** Chunks of a hour lie between its beginning and that of the next one. */
export const HOUR_US = 3_600e6;

/** Where chunks of a sensor lie. */
export interface Partition {
  readonly sensor: number;
  /** The beginning of its bucket. */
  readonly bucket: number;
}

/** A row of table `chunks`. */
export interface ChunkRow {
  /** It has the samples from here up to the next row, or to the end of the hour. */
  readonly fromUs: number;
  readonly summary: ChunkSummary;
  /** When the stream took the last of its samples. */
  readonly receivedToUs: number;
  /** undefined: it was not asked for. */
  readonly chunk: ColumnBlock | undefined;
}

/** A row of one of several sensors, as far as it is looked at before it is written over. */
export interface ChunkBeginning {
  readonly fromUs: number;
  readonly count: number;
  readonly receivedToUs: number;
}

/** What becomes a row. */
export interface NewChunk {
  readonly fromUs: number;
  readonly block: ColumnBlock;
  readonly receivedToUs: number;
}

/** A row that is there already. */
export interface FullChunk extends NewChunk {
  readonly sensor: number;
}

/** What sealing looks up of many sensors at once. Readers have {@link ChunkRows}. */
export class ChunkTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** Of several sensors with partitions of one bucket: the rows that begin at startUs <= time < endUs, in their order. */
  async beginnings(
    sensors: readonly number[],
    bucket: number,
    startUs: number,
    endUs: number,
  ): Promise<Map<number, ChunkBeginning[]>> {
    const found = new Map<number, ChunkBeginning[]>();
    for await (const rows of this.#session.pages(BEGINNINGS, [sensors, bucket, startUs, endUs])) {
      for (const { sensor, from_t, count, received_to } of rows) {
        const beginning = {
          fromUs: from_t as number,
          count: count as number,
          receivedToUs: received_to as number,
        };
        const others = found.get(sensor as number);
        if (others === undefined) found.set(sensor as number, [beginning]);
        else others.push(beginning);
      }
    }
    return found;
  }

  /** The same with samples, in no order. What is gone meanwhile, since its time was over, is missing. */
  async *chunks(
    sensors: readonly number[],
    bucket: number,
    startUs: number,
    endUs: number,
  ): AsyncGenerator<FullChunk, void, undefined> {
    const values = [sensors, bucket, startUs, endUs];
    for await (const rows of this.#session.pages(CHUNKS, values, { fetchSize: CHUNKS_A_PAGE })) {
      for (const { sensor, from_t, received_to, data } of rows) {
        const place = `chunk of sensor ${String(sensor)}, bucket ${bucket}, from ${String(from_t)}`;
        yield {
          sensor: sensor as number,
          fromUs: from_t as number,
          receivedToUs: received_to as number,
          block: new Chunk(data as Uint8Array, place),
        };
      }
    }
  }

  /** Those of several sensors that have a row which begins at a time or later. */
  async thoseWithAnyFrom(sensors: readonly number[], bucket: number, fromUs: number): Promise<Set<number>> {
    const found = new Set<number>();
    for await (const rows of this.#session.pages(ANY_FROM, [sensors, bucket, fromUs])) {
      for (const { sensor } of rows) found.add(sensor as number);
    }
    return found;
  }
}

/** What {@link CHUNK_INSERT} binds. @param ttlSeconds 0: for ever */
export function chunkValues(
  { sensor, bucket }: Partition,
  { fromUs, block, receivedToUs }: NewChunk,
  ttlSeconds: number,
): CqlValue[] {
  return [
    sensor,
    bucket,
    fromUs,
    ...summaryValues(summaryOf(block)),
    receivedToUs,
    encodeChunk(block),
    ttlSeconds,
  ];
}
