/** What some workers did in some time. */
export interface LoadResult {
  /** Rows, or samples, a second; 0 when none was done. */
  readonly perSecond: number;
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

/**
 * Workers that do one request after the other for about so long. What was done in the first fifth does not count; a request that began in time
 * counts with the time that it took.
 */
export async function timedLoad(workers: number, lastsMs: number, request: Request): Promise<LoadResult> {
  const beginMs = performance.now();
  const countFromMs = beginMs + lastsMs * WARM_UP_SHARE;
  const endMs = beginMs + lastsMs;
  const tookMs: number[] = [];
  let rows = 0;
  let lastMs = countFromMs;
  let failure: Error | undefined;
  const work = async (worker: number): Promise<void> => {
    while (failure === undefined) {
      const sinceMs = performance.now();
      if (sinceMs >= endMs) return;
      const done = await request(worker);
      if (done === undefined) return;
      const nowMs = performance.now();
      if (nowMs <= countFromMs) continue;
      // Of what was under way when counting began, the part after that.
      rows += (done * (nowMs - Math.max(sinceMs, countFromMs))) / (nowMs - sinceMs);
      tookMs.push(nowMs - sinceMs);
      lastMs = nowMs;
    }
  };
  await Promise.all(
    Array.from({ length: workers }, (_, worker) =>
      work(worker).catch((error: unknown) => {
        failure ??= error instanceof Error ? error : new Error(String(error));
      }),
    ),
  );
  tookMs.sort((a, b) => a - b);
  const seconds = (lastMs - countFromMs) / 1_000;
  return {
    perSecond: seconds > 0 ? rows / seconds : 0,
    requests: tookMs.length,
    medianMs: quantile(tookMs, 0.5),
    p99Ms: quantile(tookMs, 0.99),
    failure,
  };
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
