import type { Status } from '@katbus/protocol';

/** Above `warn` an operator should look soon, above `error` now. */
export interface Threshold {
  readonly warn: number;
  readonly error: number;
}

/**
 * From where on the host's sensors are not nominal. The load of a core has none: a busy machine is doing its work, and
 * the load average over 5 minutes tells when there is more work than it can do.
 */
export const THRESHOLDS = {
  /** Runnable tasks a core, over 5 minutes. */
  loadAveragePerCore: { warn: 2, error: 8 },
  /** Memory that programs cannot have, percent; above the second the kernel soon starts to kill. */
  memoryUsedPercent: { warn: 90, error: 97 },
  /** Percent; swapping itself is harmless, running out of it is not. */
  swapUsedPercent: { warn: 60, error: 90 },
  /** Percent of what a user may fill. */
  filesystemUsedPercent: { warn: 90, error: 97 },
  /** Used where the chip names no limit of its own, degrees Celsius. */
  temperatureCelsius: { warn: 85, error: 95 },
  /** The longest that this component's own event loop was held up within an interval, milliseconds. */
  eventLoopDelayMs: { warn: 200, error: 1000 },
} as const satisfies Record<string, Threshold>;

export function statusAbove(value: number, { warn, error }: Threshold): Status {
  if (value > error) return 'error';
  return value > warn ? 'warn' : 'nominal';
}
