import { toSeconds, wallClockUs, type Pattern } from '@katbus/protocol';
import type { Delivery } from './delivery.ts';
import { Join } from './join.ts';
import { JoinBuffer, type Waiting } from './join-buffer.ts';
import type { Publication } from './publication.ts';
import type { Receiver } from './receiver.ts';
import type { Snapshot } from './snapshot.ts';
import { Subscription } from './subscription.ts';

/** A subscription whose snapshot has been read. */
export interface Joined {
  readonly id: number;
  /** Entries of the snapshot that {@link start} will send. */
  readonly count: number;
  readonly cursor: string;
  /** Sends the snapshot, what was published meanwhile, and from here on what is published. To be called once, after the answer. */
  readonly start: () => void;
}

export const GAP_REASONS = {
  natsLost: 'the portal had lost NATS',
  slowClient: 'more sensors changed than may wait for a slow client',
  slowSnapshot: 'more sensors changed than may wait for a snapshot',
} as const;
export type GapReason = keyof typeof GAP_REASONS;

/** One session's subscriptions. It knows which of them are live, and gives its transport each message once. */
export class DeliverySession {
  readonly subscriptions = new Map<number, Subscription>();
  readonly #delivery: Delivery;
  readonly #receiver: Receiver;
  #lastId = 0;

  constructor(delivery: Delivery, receiver: Receiver) {
    this.#delivery = delivery;
    this.#receiver = receiver;
  }

  /**
   * Takes up an interest. Resolves when the snapshot is read, after `joinTimeoutMs` at the latest.
   * @throws {SnapshotMemoryError}
   */
  async subscribe(patterns: readonly Pattern[], wantsSnapshot: boolean): Promise<Joined> {
    this.#lastId += 1;
    const subscription = new Subscription(this.#lastId, this, patterns, wantsSnapshot);
    // Without a snapshot nothing needs to be joined: what is published before the answer is not the subscription's.
    if (wantsSnapshot) subscription.watch = this.newWatch();
    this.subscriptions.set(subscription.id, subscription);
    this.#delivery.add(subscription);
    let snapshot: Snapshot;
    try {
      snapshot = await this.#delivery.joins.read(subscription);
    } catch (error) {
      this.unsubscribe(subscription.id);
      throw error;
    }
    const join = new Join(subscription, snapshot);
    return {
      id: subscription.id,
      count: join.count,
      cursor: snapshot.cursor,
      start: () => this.begin(subscription, join),
    };
  }

  /** Nothing of the subscription comes after this returns. @returns false when there is none of this id */
  unsubscribe(id: number): boolean {
    const subscription = this.subscriptions.get(id);
    if (subscription === undefined) return false;
    this.#end(subscription);
    this.#receiver.forget(id, (subject) => this.#delivery.isWanted(subject, this));
    return true;
  }

  /** The session has ended: nothing is sent to it any more. */
  close(): void {
    for (const subscription of this.subscriptions.values()) this.#end(subscription);
  }

  /**
   * A message on a subject that these subscriptions of the session match.
   * @param isFirst the portal had not seen its sensor before
   */
  take(publication: Publication, subscriptions: readonly Subscription[], isFirst: boolean): void {
    let isWanted = false;
    let isWatched = false;
    for (const subscription of subscriptions) {
      if (subscription.watch !== undefined) isWatched = true;
      if (subscription.state !== 'live') continue;
      // What one subscription has had in its snapshot, another may still be owed.
      if (!subscription.hasInSnapshot(publication)) isWanted = true;
    }
    if (isWanted) this.#receiver.publish(publication, isFirst);
    if (!isWatched) return;
    const waiting: Waiting = { publication, isFirst, delivered: isWanted };
    for (const { watch } of subscriptions) watch?.push(waiting);
  }

  /** Sends a joined subscription its beginning, for the first time or again, and makes it live. */
  begin(subscription: Subscription, join: Join): void {
    if (subscription.state === 'closed') {
      join.abandon();
      return;
    }
    const { pages, live, newer, gapFromSeconds } = join.finish(this.#delivery.limits.snapshotPageBytes);
    subscription.state = 'live';
    if (pages !== undefined) {
      this.#delivery.settling.begin(subscription, { times: join.snapshot.times(), newer });
      this.#receiver.snapshot(pages);
    }
    for (const { publication, isFirst, skipped } of live)
      this.#receiver.publish(publication, isFirst, skipped);
    this.#delivery.begun(subscription, join.snapshot, gapFromSeconds);
  }

  newWatch(): JoinBuffer {
    const { joinBufferMessages, heldSensors } = this.#delivery.limits;
    return new JoinBuffer(joinBufferMessages, heldSensors);
  }

  gap(fromSeconds: number, reason: GapReason): void {
    this.#delivery.metrics.gaps.inc({ reason });
    this.#receiver.gap({ from: fromSeconds, to: toSeconds(wallClockUs()), reason: GAP_REASONS[reason] });
  }

  /** The client could not be given everything: what is current is sent again. */
  refresh(): void {
    this.#delivery.joins.refresh(this.subscriptions.values());
  }

  #end(subscription: Subscription): void {
    this.subscriptions.delete(subscription.id);
    subscription.state = 'closed';
    subscription.watch = undefined;
    this.#delivery.remove(subscription);
  }
}
