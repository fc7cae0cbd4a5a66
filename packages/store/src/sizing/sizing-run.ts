import { randomBytes } from 'node:crypto';
import type { CqlSession } from '../backend/cassandra/session/cql-session.ts';
import { openSession, type SessionOptions } from '../backend/cassandra/session/open-session.ts';
import { layoutLoad, type LayoutResult, type LayoutShape } from './layout-load.ts';
import { MonRows } from './mon-rows.ts';
import type { SizingPlan } from './sizing-options.ts';
import { timedLoad, type LoadResult } from './timed-load.ts';
import { bestCell, gridSize, writeGrid, type GridCell } from './write-grid.ts';

export interface SizingResult {
  readonly plan: SizingPlan;
  /** Of the data center that was used. */
  readonly nodes: number;
  readonly replicationFactor: number;
  readonly grid: readonly GridCell[];
  readonly best: GridCell | undefined;
  /** Rows of CTA's table, read by as many readers as the best setting has writers. */
  readonly read: LoadResult;
  readonly mixed: { readonly written: LoadResult; readonly read: LoadResult };
  readonly layouts: readonly LayoutResult[];
}

/** How far it is: a line for whoever waits. */
export type TellProgress = (done: number, all: number, what: string) => void;

/** What a backlog is like: of each sensor, a batch has many samples. */
const FEW_SENSORS = 2_000;
/** Of each sensor one sample: what it costs to seal a chunk that has nearly nothing in it. */
const THIN_SENSORS = 5_000;
/** What the archiver writes of a backlog at once. */
const BATCH_SAMPLES = 200_000;
/** Of `rows`, a sample of each sensor costs the same in smaller batches, and is measured sooner. */
const ROWS_BATCH_SAMPLES = 20_000;
/** Whoever measures with so many writers wants so many requests under way. */
const NO_TARGET_MS = 3_600_000;

/**
 * Measures what the nodes can do, in a keyspace of its own, which is dropped at the end.
 * @throws {StoreError}
 */
export async function runSizing(
  cassandra: SessionOptions,
  plan: SizingPlan,
  tell: TellProgress,
): Promise<SizingResult> {
  const keyspace = `${(cassandra.keyspace ?? 'katbus').slice(0, 33)}_sizing_${randomBytes(3).toString('hex')}`;
  const writers = Math.max(...plan.writers);
  const uncapped = { least: writers * 2, first: writers * 2, most: writers * 2, targetMs: NO_TARGET_MS };
  const options = { ...cassandra, keyspace };
  const session = await openSession({ ...options, inFlight: uncapped });
  const adapting = await openSession(options);
  try {
    return await measure({ session, adapting, options, plan, tell });
  } finally {
    await adapting.close();
    await session.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
    await session.close();
  }
}

interface Measuring {
  /** Sends as much at a time as it is told. */
  readonly session: Awaited<ReturnType<typeof openSession>>;
  /** As the store's own. */
  readonly adapting: CqlSession;
  readonly options: SessionOptions;
  readonly plan: SizingPlan;
  readonly tell: TellProgress;
}

async function measure({ session, adapting, options, plan, tell }: Measuring): Promise<SizingResult> {
  const shapes = shapesOf(plan);
  const all = gridSize(plan) + 2 + shapes.length;
  let done = 0;
  const rows = new MonRows(session, plan.data);
  await rows.makeTable();
  const grid: GridCell[] = [];
  for await (const cell of writeGrid(rows, plan)) {
    grid.push(cell);
    tell(++done, all, cellLine(cell));
  }
  const best = bestCell(grid);
  const workers = best?.writers ?? 1;
  const read = await timedLoad(workers, plan.mixedMs, () => rows.read());
  tell(++done, all, `reading: ${rate(read)} rows/s`);
  const { partitionsPerBatch = 1, rowsPerPartition = 1 } = best ?? {};
  const [written, readBeside] = await Promise.all([
    timedLoad(workers, plan.mixedMs, () => rows.write(partitionsPerBatch, rowsPerPartition)),
    timedLoad(workers, plan.mixedMs, () => rows.read()),
  ]);
  tell(++done, all, `both: ${rate(written)} rows/s written, ${rate(readBeside)} rows/s read`);
  for (const { failure } of [read, written, readBeside]) if (failure !== undefined) throw failure;
  const layouts: LayoutResult[] = [];
  for (const shape of shapes) {
    const result = await layoutLoad(adapting, shape, options);
    layouts.push(result);
    tell(
      ++done,
      all,
      `layout ${shape.layout}, ${shape.sensors} sensors: ${rate(result.written)} samples/s written`,
    );
  }
  const { nodes } = session.status;
  return {
    ...{ plan, nodes, replicationFactor: options.replicationFactor ?? 1 },
    ...{ grid, best, read, mixed: { written, read: readBeside }, layouts },
  };
}

/** All points last: their journal is not sealed, which would take longer than all the rest. */
function shapesOf({ points, layoutMs }: SizingPlan): LayoutShape[] {
  const few = { sensors: Math.min(FEW_SENSORS, points), batchSamples: BATCH_SAMPLES, lastsMs: layoutMs / 2 };
  const thin = {
    sensors: THIN_SENSORS,
    batchSamples: THIN_SENSORS,
    lastsMs: 1,
    isSealed: true,
    isRead: false,
  };
  const all = { sensors: points, lastsMs: layoutMs, isSealed: false, isRead: false };
  return [
    { layout: 'rows', ...few, isSealed: false, isRead: true },
    { layout: 'rows', ...all, batchSamples: ROWS_BATCH_SAMPLES },
    { layout: 'chunks', ...few, isSealed: true, isRead: true },
    { layout: 'chunks', ...thin },
    { layout: 'chunks', ...all, batchSamples: BATCH_SAMPLES },
  ];
}

function cellLine({ writers, partitionsPerBatch, rowsPerPartition, outcome }: GridCell): string {
  const setting = `${writers} writers x ${partitionsPerBatch} partitions x ${rowsPerPartition} rows`;
  return outcome.type === 'refused'
    ? `${setting}: refused`
    : `${setting}: ${rate(outcome.load)} rows/s, p99 ${outcome.load.p99Ms.toFixed(0)} ms`;
}

function rate({ perSecond }: LoadResult): string {
  return Math.round(perSecond).toLocaleString('en');
}
