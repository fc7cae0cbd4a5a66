/** Writes closer together than this count as one. */
const APART_MS = 500;
/** Some minutes of writes without a pause; before a pause that is longer, the last one before it is among them all the same. */
const KEPT = 1_000;

/** When writes were acknowledged lately, by the wall clock: after a crash of a node, those of shortly before it may be gone. */
export class AcknowledgedTimes {
  readonly #timesMs: number[] = [];

  add(nowMs: number): void {
    const last = this.#timesMs.at(-1);
    if (last !== undefined && nowMs - last < APART_MS) return;
    this.#timesMs.push(nowMs);
    if (this.#timesMs.length > KEPT) this.#timesMs.shift();
  }

  /** About the last one before a time; that time when none is known. */
  lastBefore(timeMs: number): number {
    const last = this.#timesMs.findLast((ackMs) => ackMs <= timeMs);
    return last === undefined ? timeMs : Math.min(timeMs, last + APART_MS);
  }
}
