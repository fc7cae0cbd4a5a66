import { setImmediate } from 'node:timers/promises';

/** Work without a pause, milliseconds; then others have their turn. */
const SLICE_MS = 10;
/** A look at the clock costs as much as some rows. */
const STEPS_A_LOOK = 32;

/** Tells when it is time to let others have their turn. */
export class TimeSlice {
  #steps = 0;
  #sinceMs = performance.now();

  /** Once a step of some microseconds: what to wait for, if anything. */
  pause(): Promise<void> | undefined {
    if (++this.#steps < STEPS_A_LOOK) return undefined;
    this.#steps = 0;
    return performance.now() - this.#sinceMs < SLICE_MS ? undefined : this.#pass();
  }

  async #pass(): Promise<void> {
    await setImmediate();
    this.#sinceMs = performance.now();
  }
}
