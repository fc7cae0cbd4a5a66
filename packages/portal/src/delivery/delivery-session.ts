import { toSeconds, wallClockUs } from '@katbus/protocol';
import type { Delivery } from './delivery.ts';
import type { Destination } from './destinations.ts';
import { Join } from './join.ts';
import { JoinBuffer, type Waiting } from './join-buffer.ts';
import type { Publication } from './publication.ts';
import type { Manner, Receiver } from './receiver.ts';
import type { Snapshot } from './snapshot.ts';
import type { Due } from './strategies/strategy-run.ts';
import { Subscription, type Interest } from './subscription.ts';

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

const AS_IT_COMES: Manner = {};
const WHOLE: Manner = { isWhole: true };

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
  async subscribe(interest: Interest): Promise<Joined> {
    this.#lastId += 1;
    const subscription = new Subscription(this.#lastId, this, interest);
    // Without a snapshot nothing needs to be joined: what is published before the answer is not the subscription's.
    if (interest.wantsSnapshot) subscription.watch = this.newWatch(subscription);
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
   * A message on a subject that the session's subscriptions match, some of them by a strategy.
   * @param isFirst the portal had not seen its sensor before
   */
  take(publication: Publication, destination: Destination, isFirst: boolean): void {
    let isWanted = false;
    let isWhole = false;
    let isWatched = false;
    for (const subscription of destination.plain) {
      if (subscription.watch !== undefined) isWatched = true;
      // What one subscription has had in its snapshot, another may still be owed.
      if (subscription.state !== 'live' || subscription.hasInSnapshot(publication)) continue;
      isWanted = true;
      isWhole ||= subscription.mode === 'all';
    }
    for (const { route, subscriptions } of destination.sampled) {
      for (const subscription of subscriptions) {
        if (subscription.watch !== undefined) isWatched = true;
        if (subscription.state !== 'live' || subscription.hasInSnapshot(publication)) continue;
        if (route.sensor?.isGivenTo(subscription) === false) continue;
        isWanted = true;
        isWhole ||= subscription.mode === 'all';
      }
    }
    if (isWanted) {
      if (destination.isMixed) publication.noteRecipient(this);
      const manner = isFirst ? { isFirst, isWhole } : isWhole ? WHOLE : AS_IT_COMES;
      this.#receiver.publish(publication, manner);
    }
    if (isWatched) this.#watch(publication, destination, isFirst, isWanted);
  }

  /**
   * A strategy's time has come for a sample that came earlier.
   * @param isSilent whether who has had it gets it again
   */
  giveLate(
    publication: Publication,
    isMixed: boolean,
    subscriptions: readonly Subscription[],
    isSilent: boolean,
    dueOf: (subscription: Subscription) => Due | undefined,
  ): void {
    let due: Due | undefined;
    let isWhole = false;
    for (const subscription of subscriptions) {
      if (subscription.state !== 'live') continue;
      const mine = dueOf(subscription);
      if (mine === undefined) continue;
      const shown = subscription.shown(publication);
      // Not even once more: it would take the client back.
      if (shown === 'newer') continue;
      // What came before it began was in its snapshot, or was not meant for it.
      const isOwed = shown === undefined && publication.arrival > subscription.beganAfter;
      if (mine === 'newer' && isOwed) due = 'newer';
      else due ??= 'repeat';
      isWhole ||= subscription.mode === 'all';
    }
    if (due === undefined) return;
    if (publication.hasRecipient(this)) due = 'repeat';
    if (due === 'repeat' && !isSilent) return;
    this.#receiver.publish(publication, { isRepeat: due === 'repeat', isWhole });
    if (isMixed) publication.noteRecipient(this);
  }

  /** Sends a joined subscription its beginning, for the first time or again, and makes it live. */
  begin(subscription: Subscription, join: Join): void {
    if (subscription.state === 'closed') {
      join.abandon();
      return;
    }
    const { pages, live, newer, gapFromSeconds } = join.finish(this.#delivery.limits.snapshotPageBytes);
    subscription.state = 'live';
    subscription.beganAfter = this.#delivery.arrivals;
    if (pages !== undefined) {
      this.#delivery.settling.begin(subscription, { times: join.snapshot.times(), newer });
      this.#delivery.strategies.join(subscription);
      this.#receiver.snapshot(pages);
    }
    const hasStrategies = this.subscriptions.values().some(({ strategy }) => strategy !== undefined);
    for (const { publication, manner, skipped } of live) {
      this.#receiver.publish(publication, manner, skipped);
      if (hasStrategies) publication.noteRecipient(this);
    }
    this.#delivery.begun(subscription, join.snapshot, gapFromSeconds);
  }

  newWatch({ mode }: Subscription): JoinBuffer {
    const { joinBufferMessages, heldSensors, allBytes } = this.#delivery.limits;
    return mode === 'all'
      ? new JoinBuffer(Infinity, heldSensors, allBytes)
      : new JoinBuffer(joinBufferMessages, heldSensors);
  }

  gap(fromSeconds: number, reason: GapReason): void {
    this.#delivery.metrics.gaps.inc({ reason });
    this.#receiver.gap({ from: fromSeconds, to: toSeconds(wallClockUs()), reason: GAP_REASONS[reason] });
  }

  /** The client could not be given everything: what is current is sent again. */
  refresh(): void {
    this.#delivery.joins.refresh(this.subscriptions.values());
  }

  #watch(
    publication: Publication,
    { plain, sampled }: Destination,
    isFirst: boolean,
    delivered: boolean,
  ): void {
    const watching = [...plain, ...sampled.flatMap(({ subscriptions }) => subscriptions)].filter(
      ({ watch }) => watch !== undefined,
    );
    const isWhole = watching.some(({ mode }) => mode === 'all');
    publication.arrivedMs ||= performance.now();
    const waiting: Waiting = { publication, isFirst, isWhole, delivered };
    for (const { watch } of watching) if (watch?.push(waiting) === false) this.#receiver.cannotKeepUp();
  }

  #end(subscription: Subscription): void {
    this.subscriptions.delete(subscription.id);
    subscription.state = 'closed';
    subscription.watch = undefined;
    this.#delivery.remove(subscription);
  }
}
