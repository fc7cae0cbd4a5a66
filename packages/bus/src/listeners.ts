/** Who wants to hear of events. One that throws keeps neither the others from hearing nor whoever tells from going on. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #what: string;

  /** @param what of what they hear, for a warning: `the connection's status` */
  constructor(what: string) {
    this.#what = what;
  }

  /** @returns the undo */
  add(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  tell(event: Event): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        // There is nobody else whom it could be told to: the one to tell is the one who threw.
        process.emitWarning(`a listener to ${this.#what} threw: ${String(error)}`);
      }
    }
  }
}
