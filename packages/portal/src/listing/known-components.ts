import type { StoreClient } from '../store-client.ts';

/** How long what was read is good for: a component that is new runs, and is known by that. */
const KEEP_MS = 30_000;

/** The components of the archive's catalogue. Its absence is no error: then there are none. */
export class KnownComponents {
  readonly #store: StoreClient;
  readonly #timeoutMs: number;
  #names: Promise<ReadonlySet<string>> | undefined;
  #readAtMs = -Infinity;

  /** @param timeoutMs how long all of it may take; what is not known by then is left out */
  constructor(store: StoreClient, timeoutMs: number) {
    this.#store = store;
    this.#timeoutMs = timeoutMs;
  }

  read(): Promise<ReadonlySet<string>> {
    const nowMs = performance.now();
    if (this.#names === undefined || nowMs - this.#readAtMs > KEEP_MS) {
      this.#readAtMs = nowMs;
      this.#names = this.#readAll(nowMs + this.#timeoutMs);
    }
    return this.#names;
  }

  async #readAll(deadlineMs: number): Promise<ReadonlySet<string>> {
    const names = new Set<string>();
    let after: string | undefined;
    try {
      do {
        const leftMs = deadlineMs - performance.now();
        if (leftMs <= 0) break;
        const { components, next } = await this.#store.components(
          after === undefined ? {} : { after },
          leftMs,
        );
        for (const component of components) names.add(component);
        after = next;
      } while (after !== undefined);
    } catch {
      // The archive does not run, or not fast enough. The next listing asks again.
      this.#readAtMs = -Infinity;
    }
    return names;
  }
}
