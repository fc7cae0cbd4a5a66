/** Write timestamps: the wall clock in microseconds, but never the same twice and never back, so that of two writes of a row the later one stays. */
export class WriteClock {
  readonly #now: () => number;
  #lastUs = 0;

  constructor(now: () => number = () => Date.now() * 1000) {
    this.#now = now;
  }

  next(): number {
    this.#lastUs = Math.max(this.#now(), this.#lastUs + 1);
    return this.#lastUs;
  }

  /** Another process has written at that time: what comes now is later, whatever its clock said. */
  pass(timeUs: number): void {
    this.#lastUs = Math.max(this.#lastUs, timeUs);
  }
}
