/** A round that waits for the one before to end. */
interface Waiting<Result> {
  readonly result: Promise<Result>;
  askers: number;
}

interface Running<Result> {
  readonly ended: Promise<void>;
  next: Waiting<Result> | undefined;
}

/**
 * The same listing, asked for by many at a time, in rounds: who asks while one is under way waits for its end, and shares the next with all who came
 * meanwhile. So twenty who ask at once cost two listings, and what each gets was asked of the components after he came.
 */
export class ListingRounds<Result> {
  readonly #running = new Map<string, Running<Result>>();

  /**
   * @param key of equal listings
   * @param run is told, by `askers`, for how many the result is; to be asked when it is there
   */
  ask(key: string, run: (askers: () => number) => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#begin(key, () => run(() => 1));
    if (running.next !== undefined) {
      running.next.askers += 1;
      return running.next.result;
    }
    const waiting: Waiting<Result> = {
      result: running.ended.then(() => this.#begin(key, () => run(() => waiting.askers))),
      askers: 1,
    };
    running.next = waiting;
    return waiting.result;
  }

  #begin(key: string, run: () => Promise<Result>): Promise<Result> {
    const result = run();
    const ended = result.then(
      () => undefined,
      () => undefined,
    );
    const running: Running<Result> = { ended, next: undefined };
    this.#running.set(key, running);
    void ended.then(() => {
      if (running.next === undefined && this.#running.get(key) === running) this.#running.delete(key);
    });
    return result;
  }
}
