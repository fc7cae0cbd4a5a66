/** The least of what was planned that anything gets: less would say nothing. */
const LEAST_SHARE = 0.15;

/** Keeps a plan within its time: where something took longer than it was to, as on a slow machine, what follows gets less. */
export class Pace {
  readonly #endMs: number;
  #plannedMs: number;

  /** @param withinMs all of it; Infinity: as long as it takes */
  constructor(plannedMs: number, withinMs: number, nowMs = performance.now()) {
    this.#plannedMs = plannedMs;
    this.#endMs = nowMs + withinMs;
  }

  /** How long something may last that was to last so long. */
  take(planMs: number, nowMs = performance.now()): number {
    const share = (this.#endMs - nowMs) / Math.max(1, this.#plannedMs);
    this.#plannedMs -= planMs;
    return planMs * Math.min(1, Math.max(LEAST_SHARE, share));
  }
}
