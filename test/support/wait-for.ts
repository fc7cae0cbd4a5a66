import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Said when it does not come true in time. */
  readonly what: string;
  readonly timeoutMs?: number | undefined;
  readonly intervalMs?: number | undefined;
}

/**
 * Asks again and again until `condition` gives something that is neither false, null nor undefined, and returns that.
 * What it throws counts as "not yet".
 * @throws {Error} naming `what`, with the last thing thrown as its cause, after `timeoutMs` (10 s)
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  options: WaitOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const timeoutMs = options.timeoutMs ?? 10_000;
  const deadline = performance.now() + timeoutMs;
  let cause: unknown;
  do {
    try {
      const result = await condition();
      if (result !== false && result !== null && result !== undefined) {
        return result as Exclude<T, false | null | undefined>;
      }
    } catch (error) {
      cause = error;
    }
    await delay(options.intervalMs ?? 20);
  } while (performance.now() < deadline);
  throw new Error(`not within ${timeoutMs} ms: ${options.what}`, { cause });
}
