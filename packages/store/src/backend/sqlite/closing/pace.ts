import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../../errors.ts';

/** How long is worked before there may be a pause. */
const STRETCH_MS = 20;

/** Keeps work that has time from taking a whole processor: it rests in proportion to what it has worked. */
export class Pace {
  readonly #share: number;
  readonly #over = new AbortController();
  #startedMs = performance.now();

  /** @param share of one processor, above 0 and up to 1 */
  constructor(share: number) {
    this.#share = share;
  }

  /** Work begins now. Else the hours in which there was none would count as worked, and be rested for. */
  begin(): void {
    this.#startedMs = performance.now();
  }

  /** To be called often. @throws {StoreError} CLOSED when the work is to end, at once even while it rests */
  async step(): Promise<void> {
    const { signal } = this.#over;
    const workedMs = performance.now() - this.#startedMs;
    if (workedMs < STRETCH_MS && !signal.aborted) return;
    // At least a turn of the loop: else a call to end it would not be heard.
    const restMs = Math.max(0, (workedMs * (1 - this.#share)) / this.#share);
    await delay(restMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) throw new StoreError('CLOSED', 'the closing of a day was ended');
    this.#startedMs = performance.now();
  }

  end(): void {
    this.#over.abort();
  }
}
