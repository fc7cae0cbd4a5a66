import type { CqlSession } from '../backend/cassandra/session/cql-session.ts';
import { openSession, type SessionOptions } from '../backend/cassandra/session/open-session.ts';
import { inOwnKeyspace } from './own-keyspace.ts';
import { layoutLoad, type LayoutResult, type LayoutShape } from './layout-load.ts';
import { MonRows } from './mon-rows.ts';
import { Pace } from './pace.ts';
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
/** What the archiver writes at once. */
const BATCH_SAMPLES = 200_000;
/** Of `rows`, a sample of each sensor costs the same in smaller batches, and is measured sooner. */
const ROWS_BATCH_SAMPLES = 5_000;
/** Whoever measures with so many writers wants so many requests under way. */
const NO_TARGET_MS = 3_600_000;

/**
 * Measures what the nodes can do, in a keyspace that is made for it and dropped at the end.
 * @param cassandra its keyspace is made
 * @param signal ends it sooner
 * @throws {StoreError} @throws {KeyspaceLeftError} @throws the signal's reason
 */
export async function runSizing(
  cassandra: SessionOptions & { readonly keyspace: string },
  plan: SizingPlan,
  tell: TellProgress,
  signal?: AbortSignal,
): Promise<SizingResult> {
  const most = 2 * Math.max(...plan.writers);
  const uncapped = { least: most, first: most, most, targetMs: NO_TARGET_MS };
  return inOwnKeyspace({ ...cassandra, inFlight: uncapped }, async (session) => {
    const adapting = await openSession(cassandra);
    try {
      return await measure({ session, adapting, options: cassandra, plan, tell, signal });
    } catch (error) {
      // What was cut off in the middle may complain in words of its own.
      signal?.throwIfAborted();
      throw error;
    } finally {
      await adapting.close();
    }
  });
}

interface Measuring {
  /** Sends as much at a time as it is told. */
  readonly session: Awaited<ReturnType<typeof openSession>>;
  /** As the store's own. */
  readonly adapting: CqlSession;
  readonly options: SessionOptions;
  readonly plan: SizingPlan;
  readonly tell: TellProgress;
  readonly signal: AbortSignal | undefined;
}

async function measure(measuring: Measuring): Promise<SizingResult> {
  const { session, adapting, options, plan, tell, signal } = measuring;
  const shapes = shapesOf(plan);
  const all = gridSize(plan) + 2 + shapes.length;
  const layoutsMs = shapes.reduce((sum, { lastsMs, isRead }) => sum + (isRead ? 2 : 1) * lastsMs, 0);
  const pace = new Pace(gridSize(plan) * plan.cellMs + 2 * plan.mixedMs + layoutsMs, plan.withinMs);
  let done = 0;
  const rows = new MonRows(session, plan.data);
  await rows.makeTable();
  const grid: GridCell[] = [];
  for await (const cell of writeGrid(rows, plan, pace, signal)) {
    grid.push(cell);
    tell(++done, all, cellLine(cell));
  }
  const best = bestCell(grid);
  const workers = best?.writers ?? 1;
  const read = await timedLoad(workers, pace.take(plan.mixedMs), () => rows.read(), signal);
  tell(++done, all, `reading: ${rate(read)} rows/s`);
  const { partitionsPerBatch = 1, rowsPerPartition = 1 } = best ?? {};
  const mixedMs = pace.take(plan.mixedMs);
  const [written, readBeside] = await Promise.all([
    timedLoad(workers, mixedMs, () => rows.write(partitionsPerBatch, rowsPerPartition), signal),
    timedLoad(workers, mixedMs, () => rows.read(), signal),
  ]);
  tell(++done, all, `both: ${rate(written)} rows/s written, ${rate(readBeside)} rows/s read`);
  for (const { failure } of [read, written, readBeside]) if (failure !== undefined) throw failure;
  const layouts: LayoutResult[] = [];
  for (const shape of shapes) {
    const result = await layoutLoad(adapting, shape, options, pace, signal);
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
function shapesOf({ points, layoutMs, backlogSamples }: SizingPlan): LayoutShape[] {
  const few = { sensors: Math.min(FEW_SENSORS, points), lastsMs: layoutMs / 2 };
  const thin = {
    sensors: THIN_SENSORS,
    batchSamples: THIN_SENSORS,
    lastsMs: 1,
    isSealed: true,
    isRead: false,
  };
  const all = { sensors: points, lastsMs: layoutMs, isSealed: false, isRead: false };
  return [
    { layout: 'rows', ...few, batchSamples: backlogSamples, isSealed: false, isRead: true },
    { layout: 'rows', ...all, batchSamples: ROWS_BATCH_SAMPLES },
    // First: what is sealed early is sealed again by whoever follows, and is little.
    { layout: 'chunks', ...thin },
    { layout: 'chunks', ...few, batchSamples: BATCH_SAMPLES, isSealed: true, isRead: true },
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
