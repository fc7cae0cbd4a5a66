import type { ChunkBucket } from './chunk-buckets.ts';
import { HOUR_US, type ChunkRow, type ChunkTable, type Partition } from './chunk-table.ts';
import { inTurn } from './read-ahead.ts';

/** Partitions that are asked for before their turn. */
const BUCKETS_AHEAD = 2;

/** A chunk and the stretch of time of which it has all that is sealed. */
export interface SensorChunk extends ChunkRow {
  readonly partition: Partition;
  /** Samples from here on are in the next chunk, whatever this one has. */
  readonly toUs: number;
}

/** What is asked of a row before its samples are read: whether its summary might do. */
export type MayDo = (row: ChunkRow) => boolean;

/** The chunks of a sensor, in their order, that may have samples of startUs <= time < endUs. */
export async function* sensorChunks(
  table: ChunkTable,
  sensor: number,
  buckets: readonly ChunkBucket[],
  { startUs, endUs, summaryMayDo }: { startUs: number; endUs: number; summaryMayDo: MayDo | undefined },
): AsyncGenerator<SensorChunk, void, undefined> {
  const sources = buckets.map(({ fromUs, toUs }) => {
    const partition = { sensor, bucket: fromUs };
    const firstUs = Math.max(fromUs, hourOf(startUs));
    const rows = rowsOf(table, partition, firstUs, Math.min(toUs, endUs), summaryMayDo);
    return withPartition(partition, rows);
  });
  let before: Omit<SensorChunk, 'toUs'> | undefined;
  for await (const row of inTurn(sources, BUCKETS_AHEAD)) {
    if (before !== undefined) yield bounded(before, row.fromUs);
    before = row;
  }
  if (before !== undefined) yield bounded(before, Infinity);
}

function bounded(row: Omit<SensorChunk, 'toUs'>, nextUs: number): SensorChunk {
  return { ...row, toUs: Math.min(nextUs, hourOf(row.fromUs) + HOUR_US) };
}

async function* withPartition(partition: Partition, rows: AsyncIterable<ChunkRow[]>) {
  for await (const page of rows) for (const row of page) yield { ...row, partition };
}

async function* rowsOf(
  table: ChunkTable,
  partition: Partition,
  startUs: number,
  endUs: number,
  summaryMayDo: MayDo | undefined,
): AsyncGenerator<ChunkRow[], void, undefined> {
  if (summaryMayDo === undefined) {
    yield* table.chunks(partition, startUs, endUs);
    return;
  }
  for await (const page of table.summaries(partition, startUs, endUs)) {
    for (let from = 0; from < page.length;) {
      const does = summaryMayDo(page[from]!);
      let to = from + 1;
      while (to < page.length && summaryMayDo(page[to]!) === does) to++;
      const run = page.slice(from, to);
      if (does) yield run;
      else yield* table.chunks(partition, run[0]!.fromUs, run.at(-1)!.fromUs + 1);
      from = to;
    }
  }
}

export function hourOf(timeUs: number): number {
  return Math.floor(timeUs / HOUR_US) * HOUR_US;
}
