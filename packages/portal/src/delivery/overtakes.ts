import { CLOCK_STEP_BACK_US } from '@katbus/protocol';

/** What is known of two samples of one sensor, to say which of them is current. */
export interface Dated {
  /** Its `time`, microseconds. */
  readonly timeUs: number;
  /** When the stream that it was read from has stored it, microseconds by the server's clock; undefined: it came live. */
  readonly storedUs: number | undefined;
  /** When it came, if it is live: milliseconds of performance.now(). */
  readonly arrivedMs: number;
  /** Published again: it may have come after newer ones. */
  readonly isResent: boolean;
}

/**
 * Whether `a` takes the place of `b`. A live one comes after a stored one.
 *
 * Within a clock epoch the greater `time` is the newer one. A sample that came later although its `time` is more than a second smaller is of a
 * newer epoch: the component's clock was set back (SUBJECTS.md, "Clock epochs").
 * @param nowMs performance.now(): a stored `b` may have been published since a live `a` came
 */
export function overtakes(a: Dated, b: Dated, nowMs: number): boolean {
  if (isLater(a, b)) return a.timeUs >= b.timeUs || isAfterSetBack(a, b, nowMs);
  return a.timeUs >= b.timeUs && !isAfterSetBack(b, a, nowMs);
}

function isLater(a: Dated, b: Dated): boolean {
  if (a.storedUs !== undefined && b.storedUs !== undefined) return a.storedUs >= b.storedUs;
  if (a.storedUs === undefined && b.storedUs === undefined) return a.arrivedMs >= b.arrivedMs;
  return a.storedUs === undefined;
}

/** In one epoch the earlier one could be that far ahead only if it had been published so long after the later one. */
function isAfterSetBack(later: Dated, earlier: Dated, nowMs: number): boolean {
  const isRead = earlier.storedUs !== undefined && later.storedUs === undefined;
  const sinceUs = isRead ? Math.max(0, nowMs - later.arrivedMs) * 1000 : 0;
  return !later.isResent && earlier.timeUs - later.timeUs > CLOCK_STEP_BACK_US + sinceUs;
}
