/**
 * Calls back whenever the wall clock shows a whole multiple of the interval: every second means on the second, on every
 * machine at the same moment. A call that comes too late is not made up for; a clock that is set is followed.
 * @returns the undo
 */
export function everyAligned(intervalMs: number, onTick: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const waitUntil = (tickMs: number) => {
    timer = setTimeout(
      () => {
        const earlyMs = tickMs - Date.now();
        // A timer may be a millisecond early: whoever cuts the tick's time to whole intervals would see the one before again.
        if (earlyMs > 0 && earlyMs < intervalMs / 4) {
          waitUntil(tickMs);
          return;
        }
        scheduleNext();
        onTick();
      },
      Math.max(tickMs - Date.now(), 1),
    );
  };
  const scheduleNext = () => {
    const nowMs = Date.now();
    waitUntil(nowMs + untilNextMs(intervalMs, nowMs));
  };
  scheduleNext();
  return () => clearTimeout(timer);
}

/**
 * Milliseconds until the next whole multiple of the interval. When little is left until it, as for a clock that was just set
 * back a little, the multiple after is meant: nothing ticks twice for one moment.
 */
export function untilNextMs(intervalMs: number, nowMs: number): number {
  const rest = intervalMs - (nowMs % intervalMs);
  return rest < intervalMs / 4 ? rest + intervalMs : rest;
}
