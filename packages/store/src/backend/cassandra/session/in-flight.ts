import type { InFlightOptions } from '../cassandra-options.ts';

/** How a request ended, as far as it tells how much the nodes can take. */
export type RequestEnd = 'answered' | 'overloaded' | 'failed';

/** How much of the average a new answer is. */
const NEWEST_SHARE = 0.1;
/** After a cut, answers to what was sent before it say nothing new: it is not cut again so soon. */
const CUT_PAUSE_ANSWERS = 1;
const CUT = 0.7;

/**
 * Lets so many requests through at a time as the nodes answer well: one more for each full round of answers in time, a third fewer when they
 * come late or not at all (AIMD). Whoever comes first, goes first.
 */
export class InFlight {
  readonly #options: InFlightOptions;
  readonly #waiting: (() => void)[] = [];
  #next = 0;
  #limit: number;
  #under = 0;
  #averageMs: number | undefined;
  #answersUntilCut = 0;
  #idle: (() => void)[] = [];

  constructor(options: InFlightOptions) {
    this.#options = options;
    this.#limit = options.first;
  }

  /** How many may be under way now. */
  get limit(): number {
    return Math.floor(this.#limit);
  }

  /** How many are under way, and how many wait for that. */
  get load(): { readonly under: number; readonly waiting: number } {
    return { under: this.#under, waiting: this.#waiting.length - this.#next };
  }

  /** Of the last answers, in milliseconds; undefined: none yet. */
  get averageMs(): number | undefined {
    return this.#averageMs;
  }

  enter(): Promise<void> | undefined {
    if (this.#under < this.limit && this.load.waiting === 0) {
      this.#under += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  leave(end: RequestEnd, tookMs: number): void {
    // Only what had to share the nodes with a full round tells whether more would be good.
    const full = this.#under >= this.limit;
    this.#under -= 1;
    if (end !== 'failed') this.#adapt(end, tookMs, full);
    this.#admit();
    if (this.#under === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#under > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #adapt(end: RequestEnd, tookMs: number, full: boolean): void {
    const { least, most, targetMs } = this.#options;
    this.#averageMs = (this.#averageMs ?? tookMs) * (1 - NEWEST_SHARE) + tookMs * NEWEST_SHARE;
    this.#answersUntilCut -= 1;
    if (end === 'overloaded' || this.#averageMs > targetMs) {
      if (this.#answersUntilCut > 0) return;
      this.#answersUntilCut = Math.max(CUT_PAUSE_ANSWERS, this.#under);
      this.#limit = Math.max(least, this.#limit * CUT);
    } else if (full) {
      this.#limit = Math.min(most, this.#limit + 1 / this.#limit);
    }
  }

  #admit(): void {
    while (this.#under < this.limit && this.load.waiting > 0) {
      this.#under += 1;
      this.#waiting[this.#next++]!();
    }
    if (this.#next > 1_000 && this.#next * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
  }
}
