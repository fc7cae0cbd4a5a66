/**
 * Calls back whenever the wall clock shows a whole multiple of the interval: every second means on the second, on every
 * machine at the same moment. A call that comes too late is not made up for; a clock that is set is followed.
 * @returns the undo
 */
export function everyAligned(intervalMs: number, onTick: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const scheduleNext = () => {
    timer = setTimeout(
      () => {
        scheduleNext();
        onTick();
      },
      untilNextMs(intervalMs, Date.now()),
    );
  };
  scheduleNext();
  return () => clearTimeout(timer);
}

/**
 * Milliseconds until the next whole multiple of the interval. A timer may be a millisecond early: what is left of the
 * interval then is too short to count, and the multiple after is meant.
 */
export function untilNextMs(intervalMs: number, nowMs: number): number {
  const rest = intervalMs - (nowMs % intervalMs);
  return rest < intervalMs / 4 ? rest + intervalMs : rest;
}
