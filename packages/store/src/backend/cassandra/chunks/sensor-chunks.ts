import type { ChunkBucket } from './chunk-buckets.ts';
import type { ChunkRows } from './chunk-rows.ts';
import { HOUR_US, type ChunkRow, type Partition } from './chunk-table.ts';
import { inTurn } from '../../read-ahead.ts';

/** Partitions, and stretches of one, that are asked for before their turn. */
const BUCKETS_AHEAD = 2;
const RUNS_AHEAD = 2;

/** A chunk and the stretch of time of which it has all that is sealed. */
export interface SensorChunk extends ChunkRow {
  readonly partition: Partition;
  /** Samples from here on are in the next chunk, whatever this one has. */
  readonly toUs: number;
}

export interface ChunkRange {
  readonly startUs: number;
  readonly endUs: number;
  /** What is asked of a row before its samples are read: whether its summary might do. undefined: samples are read at once. */
  readonly summaryMayDo: MayDo | undefined;
  /** Whether the first of them will do, most often. */
  readonly isHasty: boolean;
}
type MayDo = (row: ChunkRow) => boolean;

/** The chunks of a sensor, in their order, that may have samples of startUs <= time < endUs. */
export async function* sensorChunks(
  table: ChunkRows,
  sensor: number,
  buckets: readonly ChunkBucket[],
  range: ChunkRange,
): AsyncGenerator<SensorChunk, void, undefined> {
  const { startUs, endUs } = range;
  const sources = buckets.map(({ fromUs, toUs }) => {
    const partition = { sensor, bucket: fromUs };
    const firstUs = Math.max(fromUs, hourOf(startUs));
    const rows = rowsOf(table, partition, firstUs, Math.min(toUs, endUs), range);
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
  table: ChunkRows,
  partition: Partition,
  startUs: number,
  endUs: number,
  { summaryMayDo, isHasty }: ChunkRange,
): AsyncGenerator<ChunkRow[], void, undefined> {
  if (summaryMayDo === undefined) {
    yield* table.chunks(partition, startUs, endUs, isHasty);
    return;
  }
  for await (const page of table.summaries(partition, startUs, endUs)) {
    const runs: AsyncIterable<ChunkRow[]>[] = [];
    for (let from = 0; from < page.length;) {
      const does = summaryMayDo(page[from]!);
      let to = from + 1;
      while (to < page.length && summaryMayDo(page[to]!) === does) to++;
      const run = page.slice(from, to);
      runs.push(does ? once(run) : table.chunks(partition, run[0]!.fromUs, run.at(-1)!.fromUs + 1));
      from = to;
    }
    yield* inTurn(runs, RUNS_AHEAD);
  }
}

// eslint-disable-next-line @typescript-eslint/require-await -- one among those that wait
async function* once<Item>(item: Item): AsyncGenerator<Item, void, undefined> {
  yield item;
}

export function hourOf(timeUs: number): number {
  return Math.floor(timeUs / HOUR_US) * HOUR_US;
}
