import { spreadOf, type Spread } from './spread.ts';

/** What some workers did in some time. */
export interface LoadResult {
  /** Rows, or samples, a second; 0 when none was done. */
  readonly perSecond: number;
  /** The same of each twentieth of the time; undefined: none was done. */
  readonly spread: Spread | undefined;
  readonly requests: number;
  /** Of a request; NaN when there was none. */
  readonly medianMs: number;
  readonly p99Ms: number;
  /** The first thing that went wrong, which ended it. */
  readonly failure: Error | undefined;
}

/** Does one request. @returns how many rows it was; undefined: there is nothing left to do */
export type Request = (worker: number) => Promise<number | undefined>;

/** Until pools are there and code is compiled. */
const WARM_UP_SHARE = 0.2;
const SLICES = 20;

interface Done {
  readonly rows: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Workers that do one request after the other for about so long. What was done in the first fifth does not count; a request that began in time
 * counts with the time that it took.
 * @throws the signal's reason, when it has come
 */
export async function timedLoad(
  workers: number,
  lastsMs: number,
  request: Request,
  signal?: AbortSignal,
): Promise<LoadResult> {
  const beginMs = performance.now();
  const countFromMs = beginMs + lastsMs * WARM_UP_SHARE;
  const endMs = beginMs + lastsMs;
  const all: Done[] = [];
  let failure: Error | undefined;
  const work = async (worker: number): Promise<void> => {
    while (failure === undefined && signal?.aborted !== true) {
      const sinceMs = performance.now();
      if (sinceMs >= endMs) return;
      const rows = await request(worker);
      if (rows === undefined) return;
      const untilMs = performance.now();
      if (untilMs > countFromMs) all.push({ rows, sinceMs, untilMs });
    }
  };
  await Promise.all(
    Array.from({ length: workers }, (_, worker) =>
      work(worker).catch((error: unknown) => {
        failure ??= error instanceof Error ? error : new Error(String(error));
      }),
    ),
  );
  signal?.throwIfAborted();
  return { ...summedUp(all, countFromMs, endMs), failure };
}

function summedUp(all: readonly Done[], countFromMs: number, endMs: number): Omit<LoadResult, 'failure'> {
  const tookMs = all.map(({ sinceMs, untilMs }) => untilMs - sinceMs).sort((a, b) => a - b);
  const lastMs = all.reduce((last, { untilMs }) => Math.max(last, untilMs), countFromMs);
  const seconds = (lastMs - countFromMs) / 1_000;
  const rows = all.reduce((sum, done) => sum + rowsWithin(done, countFromMs, lastMs), 0);
  return {
    perSecond: seconds > 0 ? rows / seconds : 0,
    spread: spreadOf(slicesOf(all, countFromMs, endMs)),
    requests: all.length,
    medianMs: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
  };
}

/** Rows a second of each slice; what was under way in several of them was so evenly. */
function slicesOf(all: readonly Done[], fromMs: number, endMs: number): number[] {
  if (all.length === 0) return [];
  const sliceMs = (endMs - fromMs) / SLICES;
  const rows = new Array<number>(SLICES).fill(0);
  for (const done of all) {
    const first = Math.max(0, Math.floor((done.sinceMs - fromMs) / sliceMs));
    const last = Math.min(SLICES - 1, Math.floor((done.untilMs - fromMs) / sliceMs));
    for (let slice = first; slice <= last; slice++) {
      rows[slice]! += rowsWithin(done, fromMs + slice * sliceMs, fromMs + (slice + 1) * sliceMs);
    }
  }
  return rows.map((some) => (some / sliceMs) * 1_000);
}

/** The part of a request that was under way between two times. */
function rowsWithin({ rows, sinceMs, untilMs }: Done, fromMs: number, toMs: number): number {
  const within = Math.min(untilMs, toMs) - Math.max(sinceMs, fromMs);
  return within <= 0 ? 0 : (rows * within) / (untilMs - sinceMs);
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
