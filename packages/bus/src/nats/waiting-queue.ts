import { EntryRing } from './entry-ring.ts';

/** What the queue looks at. */
export interface Waiting {
  readonly precious: boolean;
  readonly bytes: number;
  /** Rises from one to the next: where it stands among all. */
  readonly order: number;
}

/**
 * Messages that have not been sent yet: taken out in their order, dropped oldest first with the precious ones last. Two queues, because a
 * hole where a message was dropped would stay in a single one until all before it are gone, and in a long outage they never are.
 */
export class WaitingQueue<T extends Waiting> {
  readonly #ordinary = new EntryRing<T>();
  readonly #precious = new EntryRing<T>();
  bytes = 0;

  get length(): number {
    return this.#ordinary.length + this.#precious.length;
  }

  /** The order of the next to be taken out; Infinity when there is none. */
  get nextOrder(): number {
    const ordinary = this.#ordinary.get(this.#ordinary.first)?.order ?? Infinity;
    return Math.min(ordinary, this.#precious.get(this.#precious.first)?.order ?? Infinity);
  }

  push(message: T): void {
    (message.precious ? this.#precious : this.#ordinary).push(message);
    this.bytes += message.bytes;
  }

  shift(): T | undefined {
    const ordinary = this.#ordinary.get(this.#ordinary.first);
    const precious = this.#precious.get(this.#precious.first);
    if (ordinary === undefined) return this.#takeFrom(this.#precious);
    if (precious === undefined || ordinary.order < precious.order) return this.#takeFrom(this.#ordinary);
    return this.#takeFrom(this.#precious);
  }

  /** Takes out the oldest that is not precious, or the oldest when all are. */
  drop(): T | undefined {
    return this.#takeFrom(this.#ordinary.length > 0 ? this.#ordinary : this.#precious);
  }

  clear(): void {
    this.#ordinary.clear();
    this.#precious.clear();
    this.bytes = 0;
  }

  #takeFrom(ring: EntryRing<T>): T | undefined {
    const message = ring.get(ring.first);
    if (message === undefined) return undefined;
    ring.shift();
    this.bytes -= message.bytes;
    return message;
  }
}
