/** Goes through several sources in turn, of which the next ones have been asked for their first already. */
export async function* inTurn<Item>(
  sources: readonly AsyncIterable<Item>[],
  ahead: number,
): AsyncGenerator<Item, void, undefined> {
  const waiting = sources.values();
  const started: Started<Item>[] = [];
  const start = () => {
    for (const source of waiting) {
      started.push(new Started(source));
      if (started.length > ahead) return;
    }
  };
  try {
    for (start(); started.length > 0; start()) {
      yield* started[0]!.items();
      started.shift();
    }
  } finally {
    for (const source of started) source.stop();
  }
}

/** A source that has been asked for its first already. */
export class Started<Item> {
  readonly #iterator: AsyncIterator<Item>;
  readonly #first: Promise<IteratorResult<Item>>;

  constructor(source: AsyncIterable<Item>) {
    this.#iterator = source[Symbol.asyncIterator]();
    this.#first = this.#iterator.next();
    // Who stops early never asks for it.
    this.#first.catch(() => undefined);
  }

  async *items(): AsyncGenerator<Item, void, undefined> {
    for (let step = await this.#first; step.done !== true; step = await this.#iterator.next()) {
      yield step.value;
    }
  }

  /** For who stops before the end of {@link items}. */
  stop(): void {
    void this.#iterator.return?.()?.catch(() => undefined);
  }
}
