export interface BackoffOptions {
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  readonly random: () => number;
}

/**
 * How long to wait before the next attempt: "full jitter", a random time below a bound that doubles.
 *
 * Jitter over the whole range, because a portal that restarts loses all its clients in one moment and must not get them back in one.
 * @param failures how many attempts have failed in a row
 */
export function backoffMs(failures: number, options: BackoffOptions): number {
  const bound = Math.min(options.longestDelayMs, options.firstDelayMs * 2 ** Math.min(failures, 30));
  return options.random() * bound;
}
