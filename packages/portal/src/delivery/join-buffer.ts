import { toSeconds, wallClockUs } from '@katbus/protocol';
import type { Publication } from './publication.ts';

/** A live message that came while a snapshot was read. The subscriptions of a session that wait share it. */
export interface Waiting {
  readonly publication: Publication;
  readonly isFirst: boolean;
  /** Whether a subscription that wants it gets all of them. */
  readonly isWhole: boolean;
  /** Whether the session has had it, through another subscription or a snapshot. */
  delivered: boolean;
}

export interface Waited {
  readonly waiting: Waiting;
  /** Older messages of the same key that the session will not get. */
  readonly skipped: number;
}

/**
 * What was published on a subscription's subjects while its snapshot was read, in order. Past `mostMessages` it keeps the newest of each key;
 * past `mostKeys` of those it drops what comes and says so.
 */
export class JoinBuffer {
  /** Since when it has waited: Unix seconds. */
  readonly sinceSeconds = toSeconds(wallClockUs());
  readonly #mostMessages: number;
  readonly #mostKeys: number;
  #inOrder: Waiting[] = [];
  #newest: Map<string, Waited> | undefined;
  readonly #mostBytes: number;
  #bytes = 0;
  #hasDropped = false;

  /** @param mostBytes payloads that may wait when none may be dropped: what {@link push} then tells is for its owner to act on */
  constructor(mostMessages: number, mostKeys: number, mostBytes = Infinity) {
    this.#mostMessages = mostMessages;
    this.#mostKeys = mostKeys;
    this.#mostBytes = mostBytes;
  }

  /** Whether something is missing here that nothing tells of. */
  get hasDropped(): boolean {
    return this.#hasDropped;
  }

  /** @returns false when there is more than `mostBytes` */
  push(waiting: Waiting): boolean {
    if (this.#newest !== undefined) {
      this.#keepNewest(this.#newest, waiting);
      return true;
    }
    this.#inOrder.push(waiting);
    this.#bytes += waiting.publication.json.length;
    if (this.#inOrder.length <= this.#mostMessages) return this.#bytes <= this.#mostBytes;
    this.#newest = new Map();
    for (const early of this.#inOrder) this.#keepNewest(this.#newest, early);
    this.#inOrder = [];
    return true;
  }

  *[Symbol.iterator](): Generator<Waited> {
    for (const waiting of this.#inOrder) yield { waiting, skipped: 0 };
    yield* this.#newest?.values() ?? [];
  }

  #keepNewest(newest: Map<string, Waited>, waiting: Waiting): void {
    const key = waiting.publication.key;
    const older = newest.get(key);
    if (older === undefined && newest.size >= this.#mostKeys) {
      this.#hasDropped ||= !waiting.delivered;
      return;
    }
    const skipped = older === undefined ? 0 : older.waiting.delivered ? older.skipped : older.skipped + 1;
    // The newest came by another subscription, an older one by none: there is no message left that could carry the count.
    if (skipped > 0 && waiting.delivered) this.#hasDropped = true;
    newest.set(key, { waiting, skipped });
  }
}
