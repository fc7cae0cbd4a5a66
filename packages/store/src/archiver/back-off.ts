/** Growing pauses between attempts. */
export interface BackOffOptions {
  readonly firstMs: number;
  /** Pauses double up to this. */
  readonly mostMs: number;
}

/** Doubling pauses, each shortened by up to half at random: what failed together is not tried again together. */
export class BackOff {
  readonly #options: BackOffOptions;
  readonly #random: () => number;
  #nextMs: number;

  constructor(options: BackOffOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#random = random;
    this.#nextMs = options.firstMs;
  }

  /** How long to wait now, milliseconds. */
  next(): number {
    const pauseMs = this.#nextMs * (1 - this.#random() / 2);
    this.#nextMs = Math.min(2 * this.#nextMs, this.#options.mostMs);
    return pauseMs;
  }

  reset(): void {
    this.#nextMs = this.#options.firstMs;
  }
}
