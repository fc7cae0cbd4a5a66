import { RequestError } from './request-error.ts';

/** Lets so many requests be answered at a time; others wait their turn, up to a bound. */
export class RequestGate {
  readonly #mostRunning: number;
  readonly #mostWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(mostRunning: number, mostWaiting: number) {
    this.#mostRunning = mostRunning;
    this.#mostWaiting = mostWaiting;
  }

  /** @throws {RequestError} BUSY when too many wait already */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#running < this.#mostRunning) this.#running++;
    else if (this.#waiting.length < this.#mostWaiting) {
      // Whoever leaves hands its place on: nobody comes between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      throw new RequestError('BUSY', `${this.#mostWaiting} requests are waiting already: ask again later`);
    }
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
