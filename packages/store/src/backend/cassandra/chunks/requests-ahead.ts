import { StoreError } from '../../../errors.ts';

/** Requests of one write that are under way: so many at most, and none more when one has failed. */
export class RequestsAhead {
  readonly #most: number;
  readonly #underWay = new Set<Promise<void>>();
  readonly #failures: unknown[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  /** Waits until there is room for another one. @throws what one of those before has thrown */
  async room(): Promise<void> {
    while (this.#underWay.size >= this.#most) await Promise.race(this.#underWay);
    this.#throwFailure();
  }

  add(request: Promise<void>): void {
    const settled = request
      .catch((error: unknown) => void this.#failures.push(error))
      .finally(() => this.#underWay.delete(settled));
    this.#underWay.add(settled);
  }

  /** Waits for all of them, whatever comes of them. */
  async quiet(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  /** Waits for all of them. @throws what one of them has thrown */
  async done(): Promise<void> {
    await this.quiet();
    this.#throwFailure();
  }

  /** What may pass comes first: else a row would be looked for that will never be taken, while nothing else is the matter. */
  #throwFailure(): void {
    if (this.#failures.length === 0) return;
    throw this.#failures.find(mayPass) ?? this.#failures[0];
  }
}

function mayPass(error: unknown): boolean {
  return error instanceof StoreError && error.isRetryable;
}
