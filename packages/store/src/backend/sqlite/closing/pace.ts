import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../../errors.ts';

/** How long is worked before there may be a pause. */
const STRETCH_MS = 20;

/** Keeps work that has time from taking a whole processor: it rests in proportion to what it has worked. */
export class Pace {
  readonly #share: number;
  #startedMs = performance.now();
  #isOver = false;

  /** @param share of one processor, above 0 and up to 1 */
  constructor(share: number) {
    this.#share = share;
  }

  /** To be called often. @throws {StoreError} CLOSED when the work is to end */
  async step(): Promise<void> {
    const workedMs = performance.now() - this.#startedMs;
    if (workedMs < STRETCH_MS && !this.#isOver) return;
    // At least a turn of the loop: else a call to end it would not be heard.
    await delay(Math.max(0, (workedMs * (1 - this.#share)) / this.#share));
    if (this.#isOver) throw new StoreError('CLOSED', 'the closing of a day was ended');
    this.#startedMs = performance.now();
  }

  end(): void {
    this.#isOver = true;
  }
}
