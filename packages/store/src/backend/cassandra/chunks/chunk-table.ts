import type { ChunkSummary } from '../../../chunk/chunk-summary.ts';
import { summaryOf } from '../../../chunk/chunk-summary.ts';
import { encodeChunk } from '../../../chunk/chunk-encoder.ts';
import { Chunk } from '../../../chunk/chunk.ts';
import type { ColumnBlock } from '../../column-block.ts';
import type { CqlRow, CqlSession } from '../session/cql-session.ts';

const SUMMARY =
  'from_t, first_t, last_t, count, numbers, nans, min, max, sum, first_value, last_value, worst, received_to';
const OF_PARTITION = 'FROM chunks WHERE sensor = ? AND bucket = ?';
const SUMMARIES = `SELECT ${SUMMARY} ${OF_PARTITION} AND from_t >= ? AND from_t < ?`;
const CHUNKS = `SELECT ${SUMMARY}, data ${OF_PARTITION} AND from_t >= ? AND from_t < ?`;
const LAST = `SELECT ${SUMMARY}, data ${OF_PARTITION} AND from_t < ? ORDER BY from_t DESC LIMIT 2`;
const COUNTS = `SELECT from_t, count ${OF_PARTITION} AND from_t >= ? AND from_t <= ?`;
const ANY_FROM = `SELECT from_t ${OF_PARTITION} AND from_t >= ? LIMIT 1`;
const INSERT = `INSERT INTO chunks (sensor, bucket, ${SUMMARY}, data)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TTL ?`;

/** Some MB at the most. */
const CHUNKS_A_PAGE = 32;
const SUMMARIES_A_PAGE = 500;

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

export class ChunkTable {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** Without their samples. */
  summaries(partition: Partition, startUs: number, endUs: number): AsyncGenerator<ChunkRow[]> {
    return this.#rows(SUMMARIES, partition, startUs, endUs, SUMMARIES_A_PAGE);
  }

  chunks(partition: Partition, startUs: number, endUs: number): AsyncGenerator<ChunkRow[]> {
    return this.#rows(CHUNKS, partition, startUs, endUs, CHUNKS_A_PAGE);
  }

  /** @returns undefined when it is gone: its time was over */
  async chunk(partition: Partition, fromUs: number): Promise<ChunkRow | undefined> {
    const { sensor, bucket } = partition;
    const [row] = await this.#session.execute(CHUNKS, [sensor, bucket, fromUs, fromUs + 1]);
    return row && toChunkRow(row, partition);
  }

  /** The last two that begin before a time, the later one first. */
  async lastTwo(partition: Partition, beforeUs: number): Promise<ChunkRow[]> {
    const { sensor, bucket } = partition;
    const rows = await this.#session.execute(LAST, [sensor, bucket, beforeUs]);
    return rows.map((row) => toChunkRow(row, partition));
  }

  async hasFrom({ sensor, bucket }: Partition, fromUs: number): Promise<boolean> {
    return (await this.#session.execute(ANY_FROM, [sensor, bucket, fromUs])).length > 0;
  }

  /** How many samples the rows of two beginnings, and of those between them, have. */
  async counts({ sensor, bucket }: Partition, firstUs: number, lastUs: number): Promise<Map<number, number>> {
    const counts = new Map<number, number>();
    for await (const rows of this.#session.pages(COUNTS, [sensor, bucket, firstUs, lastUs])) {
      for (const { from_t, count } of rows) counts.set(from_t as number, count as number);
    }
    return counts;
  }

  /** @param ttlSeconds 0: for ever */
  async write(
    { sensor, bucket }: Partition,
    { fromUs, block, receivedToUs }: { fromUs: number; block: ColumnBlock; receivedToUs: number },
    timestampUs: number,
    ttlSeconds: number,
  ): Promise<void> {
    const summary = summaryOf(block);
    const { firstUs, lastUs, count, numbers, nans, min, max, sum, firstValue, lastValue, worst } = summary;
    await this.#session.execute(
      INSERT,
      [
        sensor,
        bucket,
        fromUs,
        firstUs,
        lastUs,
        count,
        numbers,
        nans,
        min,
        max,
        sum,
        firstValue,
        lastValue,
        worst,
        receivedToUs,
        encodeChunk(block),
        ttlSeconds,
      ],
      { timestampUs },
    );
  }

  async *#rows(
    cql: string,
    partition: Partition,
    startUs: number,
    endUs: number,
    fetchSize: number,
  ): AsyncGenerator<ChunkRow[]> {
    const values = [partition.sensor, partition.bucket, startUs, endUs];
    for await (const rows of this.#session.pages(cql, values, { fetchSize })) {
      yield rows.map((row) => toChunkRow(row, partition));
    }
  }
}

function toChunkRow(row: CqlRow, { sensor, bucket }: Partition): ChunkRow {
  const number = (column: string) => row[column] as number;
  const { data } = row;
  const place = `chunk of sensor ${sensor}, bucket ${bucket}, from ${String(row.from_t)}`;
  return {
    fromUs: number('from_t'),
    summary: {
      count: number('count'),
      numbers: number('numbers'),
      nans: number('nans'),
      min: number('min'),
      max: number('max'),
      sum: number('sum'),
      firstUs: number('first_t'),
      lastUs: number('last_t'),
      firstValue: number('first_value'),
      lastValue: number('last_value'),
      worst: number('worst'),
    },
    receivedToUs: number('received_to'),
    chunk: data instanceof Uint8Array ? new Chunk(data, place) : undefined,
  };
}
