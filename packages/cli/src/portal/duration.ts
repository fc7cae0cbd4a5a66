import { InvalidArgumentError } from 'commander';

const SECONDS_IN = { '': 1, s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `1.5`, `10s`, `15m`, `1h` or `1d` in seconds; NaN when it is none. */
function secondsOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text);
  return match === null ? NaN : Number(match[1]) * SECONDS_IN[match[2] as keyof typeof SECONDS_IN];
}

/** For commander: a time of at least 0, in seconds. */
export function parseSeconds(text: string): number {
  const seconds = secondsOf(text);
  if (!Number.isFinite(seconds)) throw new InvalidArgumentError('It is a time such as 0.5, 10s, 15m or 1h.');
  return seconds;
}

/** For commander: a time that a timer can wait, in milliseconds. */
export function parseDuration(text: string): number {
  const durationMs = secondsOf(text) * 1_000;
  // Node's timers end at 2^31 ms.
  if (!(durationMs > 0 && durationMs < 2 ** 31)) {
    throw new InvalidArgumentError('It is a time such as 10s, 15m, 1h or 1d, at most 24d.');
  }
  return durationMs;
}
