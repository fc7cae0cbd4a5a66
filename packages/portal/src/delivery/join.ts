import { SnapshotPages } from './snapshot-pages.ts';
import { overtakes } from './overtakes.ts';
import type { Publication } from './publication.ts';
import type { Manner } from './receiver.ts';
import type { Snapshot } from './snapshot.ts';
import type { Subscription } from './subscription.ts';
import type { Waited, Waiting } from './join-buffer.ts';

/** A message that follows the snapshot. */
export interface Following {
  readonly publication: Publication;
  readonly manner: Manner;
  readonly skipped: number;
}

/** What a subscription is sent when it begins: pages first, then what was published while they were read. */
export interface Beginning {
  /** Undefined when no snapshot was wanted. */
  readonly pages: SnapshotPages | undefined;
  readonly live: readonly Following[];
  /** Entries that are newer than the snapshot's. */
  readonly newer: ReadonlyMap<string, Publication>;
  /** Since when something may be missing, because more was published than may wait: Unix seconds. */
  readonly gapFromSeconds: number | undefined;
}

/**
 * Where a snapshot and the live messages that waited for it meet. Of each sensor the newer stays: what the session has had by another
 * subscription takes its entry's place in the snapshot, what it has not had follows the snapshot.
 */
export class Join {
  readonly #subscription: Subscription;
  readonly #snapshot: Snapshot;
  /** What takes the place of an older entry, or is added to the entries. */
  readonly #newer = new Map<string, Publication>();
  #nowMs: number;
  /** What the session has had of keys that have no entry, since the entries were counted. */
  readonly #passed = new Map<string, Publication>();
  /** What the session gets as part of the snapshot, though it came live. */
  readonly #taken: Waiting[] = [];

  /** @param snapshot retained for this, which releases it when it is finished or its pages are taken or dropped */
  constructor(subscription: Subscription, snapshot: Snapshot) {
    this.#subscription = subscription;
    this.#snapshot = snapshot;
    for (const [key, publication] of subscription.known) this.#newer.set(key, publication);
    subscription.known.clear();
    this.#nowMs = performance.now();
    this.#overtake(true);
  }

  /** Entries that the snapshot will have. It does not change any more: it is told to the client before the pages. */
  get count(): number {
    if (!this.#subscription.wantsSnapshot) return 0;
    let count = this.#snapshot.entries.size;
    for (const key of this.#newer.keys()) if (!this.#snapshot.entries.has(key)) count += 1;
    return count;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Ends the wait of a subscription that is not closed. To be called once. */
  finish(pageBytes: number): Beginning {
    this.#nowMs = performance.now();
    this.#overtake(false);
    const subscription = this.#subscription;
    const watch = subscription.watch;
    const live = [...(watch ?? [])]
      .filter((waited) => this.#mustFollow(waited))
      .map(({ waiting, skipped }) => {
        const { publication, isFirst, isWhole } = waiting;
        // A sensor that the snapshot shows is not a new one.
        const isNew = isFirst && this.#entry(publication.key) === undefined;
        return { publication, skipped, manner: { isFirst: isNew, isWhole } };
      });
    let pages: SnapshotPages | undefined;
    if (subscription.wantsSnapshot)
      pages = new SnapshotPages(subscription.id, this.#snapshot, this.#newer, pageBytes);
    else this.#snapshot.release();
    for (const waiting of this.#taken) waiting.delivered = true;
    subscription.watch = undefined;
    return {
      pages,
      live,
      newer: this.#newer,
      gapFromSeconds: watch?.hasDropped === true ? watch.sinceSeconds : undefined,
    };
  }

  /** Instead of {@link finish}, when the subscription has ended meanwhile. */
  abandon(): void {
    this.#snapshot.release();
  }

  /**
   * Lets what the session has had take the place of older entries; and under a strategy what it has not had either, because a strategy goes on
   * from what is current.
   * @param mayAdd also where there is no entry
   */
  #overtake(mayAdd: boolean): void {
    const takesAll = this.#subscription.strategy !== undefined && this.#subscription.wantsSnapshot;
    for (const { waiting } of this.#subscription.watch ?? []) {
      const { publication } = waiting;
      const isDelivered = this.#isDelivered(waiting);
      const isTaken = takesAll && publication.kind === 'sample' && !isDelivered;
      if (!isDelivered && !isTaken) continue;
      const entry = this.#entry(publication.key);
      if (entry === undefined && !mayAdd) {
        if (!isTaken) this.#passed.set(publication.key, publication);
        continue;
      }
      if (entry !== undefined && !overtakes(publication, entry, this.#nowMs)) continue;
      this.#newer.set(publication.key, publication);
      if (isTaken) this.#taken.push(waiting);
    }
  }

  #mustFollow({ waiting }: Waited): boolean {
    if (this.#isDelivered(waiting)) return false;
    const { publication } = waiting;
    const entry = this.#entry(publication.key) ?? this.#passed.get(publication.key);
    const isSame = publication.timeUs === entry?.timeUs;
    if (
      publication.kind === 'sample' &&
      entry !== undefined &&
      (isSame || !overtakes(publication, entry, this.#nowMs))
    ) {
      // The snapshot's own sample: no other subscription of the session may bring it again.
      if (isSame) waiting.delivered = true;
      return false;
    }
    waiting.delivered = true;
    return true;
  }

  /** A strategy of the session may have given it since. */
  #isDelivered({ delivered, publication }: Waiting): boolean {
    return delivered || publication.hasRecipient(this.#subscription.session);
  }

  #entry(key: string): Publication | undefined {
    return this.#newer.get(key) ?? this.#snapshot.entries.get(key);
  }
}
