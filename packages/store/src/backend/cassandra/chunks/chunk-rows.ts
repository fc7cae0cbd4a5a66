import { Chunk } from '../../../chunk/chunk.ts';
import type { CellPage } from '../session/cell-page.ts';
import type { CqlSession, CqlValue, PageOptions } from '../session/cql-session.ts';
import { SUMMARY_COLUMNS, type ChunkRow, type Partition } from './chunk-table.ts';

const OF_PARTITION = 'FROM chunks WHERE sensor = ? AND bucket = ?';
const SUMMARIES = `SELECT ${SUMMARY_COLUMNS} ${OF_PARTITION} AND from_t >= ? AND from_t < ?`;
const CHUNKS = `SELECT ${SUMMARY_COLUMNS}, data ${OF_PARTITION} AND from_t >= ? AND from_t < ?`;
const LAST = `SELECT ${SUMMARY_COLUMNS}, data ${OF_PARTITION} AND from_t < ? ORDER BY from_t DESC LIMIT 2`;

/** Some MB at the most: a day of hours. */
const CHUNKS_A_PAGE = 32;
/** Where few samples are wanted at once: of the first page; of each further one twice as many. */
const FIRST_CHUNKS = 2;
const SUMMARIES_A_PAGE = 500;

/** Reads the rows of one partition after the other. */
export class ChunkRows {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** Without their samples. */
  summaries(partition: Partition, startUs: number, endUs: number): AsyncGenerator<ChunkRow[]> {
    return this.#rows(SUMMARIES, partition, [startUs, endUs], { fetchSize: SUMMARIES_A_PAGE });
  }

  /** @param isHasty the first ones will do, most often */
  chunks(partition: Partition, startUs: number, endUs: number, isHasty = false): AsyncGenerator<ChunkRow[]> {
    let next = isHasty ? FIRST_CHUNKS : CHUNKS_A_PAGE;
    const fetchSize = () => {
      const now = next;
      next = Math.min(2 * now, CHUNKS_A_PAGE);
      return now;
    };
    return this.#rows(CHUNKS, partition, [startUs, endUs], { fetchSize, looksFirst: isHasty });
  }

  /** @returns undefined when it is gone: its time was over */
  async chunk(partition: Partition, fromUs: number): Promise<ChunkRow | undefined> {
    for await (const [row] of this.chunks(partition, fromUs, fromUs + 1)) return row;
    return undefined;
  }

  /** The last two that begin before a time, the later one first. */
  async lastTwo(partition: Partition, beforeUs: number): Promise<ChunkRow[]> {
    const rows: ChunkRow[] = [];
    for await (const page of this.#rows(LAST, partition, [beforeUs])) rows.push(...page);
    return rows;
  }

  async *#rows(
    cql: string,
    partition: Partition,
    bounds: readonly CqlValue[],
    options: PageOptions = {},
  ): AsyncGenerator<ChunkRow[]> {
    const { sensor, bucket } = partition;
    const hasData = cql !== SUMMARIES;
    for await (const cells of this.#session.cells(cql, [sensor, bucket, ...bounds], options)) {
      yield Array.from({ length: cells.length }, () => toChunkRow(cells, hasData, partition));
    }
  }
}

/** Takes the columns in the order in which they are selected. */
function toChunkRow(cells: CellPage, hasData: boolean, { sensor, bucket }: Partition): ChunkRow {
  const fromUs = cells.bigint();
  const summary = {
    firstUs: cells.bigint(),
    lastUs: cells.bigint(),
    count: cells.int(),
    numbers: cells.int(),
    nans: cells.int(),
    min: cells.double(),
    max: cells.double(),
    sum: cells.double(),
    firstValue: cells.double(),
    lastValue: cells.double(),
    worst: cells.tinyint(),
  };
  const receivedToUs = cells.bigint();
  const data = hasData ? cells.bytes() : undefined;
  const place = `chunk of sensor ${sensor}, bucket ${bucket}, from ${fromUs}`;
  return { fromUs, summary, receivedToUs, chunk: data && new Chunk(data, place) };
}
