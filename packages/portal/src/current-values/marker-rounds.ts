import type { MarkerPositions } from '@katbus/bus/nats';

/** Those who ask while a marker is under way share the next one: any marker that is published after the question will do. */
export class MarkerRounds {
  readonly #publish: () => Promise<MarkerPositions>;
  #running: Promise<MarkerPositions> | undefined;
  #next: Promise<MarkerPositions> | undefined;

  constructor(publish: () => Promise<MarkerPositions>) {
    this.#publish = publish;
  }

  /** A marker whose publication begins after this call. Rejects as it does. */
  next(): Promise<MarkerPositions> {
    if (this.#running === undefined) return this.#run();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#run();
      });
    return this.#next;
  }

  #run(): Promise<MarkerPositions> {
    const running = this.#publish().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
