import type { WheelEntry } from '@katbus/bus';
import { overtakes } from '../overtakes.ts';
import type { Publication } from '../publication.ts';
import type { Subscription } from '../subscription.ts';
import type { StrategyGroup } from './strategy-group.ts';
import { StrategyRun } from './strategy-run.ts';

/**
 * One sensor under one strategy, for all sessions that ask for the same.
 *
 * Who joins has the newest sample from a snapshot, which the strategy may not have given to the others: it compares with another value than
 * they do. Such a subscription runs apart, until the shared run gives a sample: from there on all have the same.
 */
export class SampledSensor implements WheelEntry {
  readonly #group: StrategyGroup;
  readonly #shared: StrategyRun<Publication>;
  #apart: Map<Subscription, StrategyRun<Publication>> | undefined;
  #newest: Publication;
  /** Whether all get the sample that came last. */
  #isGiven: boolean;
  /** Whether the newest sample has come live, and not only in somebody's snapshot. */
  #hasArrived: boolean;
  /** Whether the sample that came last was offered to those that run apart. */
  #hasApart = false;

  wheelSlot = -1;
  wheelNext: WheelEntry | undefined;
  wheelPrevious: WheelEntry | undefined;

  /**
   * @param first is given
   * @param nowUs when it was, of the steady clock
   * @param isLive whether it has come live, and not in a snapshot
   */
  constructor(group: StrategyGroup, first: Publication, nowUs: number, isLive: boolean) {
    this.#group = group;
    this.#isGiven = isLive;
    this.#hasArrived = isLive;
    this.#shared = new StrategyRun(group.rule);
    this.#newest = first;
    this.#shared.offer(nowUs, first);
  }

  get newest(): Publication {
    return this.#newest;
  }

  get deadlineUs(): number {
    let deadlineUs = this.#shared.deadlineUs;
    for (const run of this.#apart?.values() ?? []) deadlineUs = Math.min(deadlineUs, run.deadlineUs);
    return deadlineUs;
  }

  /** A sample has come live. Until the next one {@link isGivenTo} tells who gets it. */
  take(nowUs: number, publication: Publication): void {
    if (publication.timeUs === this.#newest.timeUs) {
      // A snapshot was quicker. Who had none is owed it; the others compare with their snapshot.
      if (publication !== this.#newest) this.#newest.arrivesAs(publication);
      this.#isGiven = !this.#hasArrived;
      this.#hasArrived = true;
      this.#hasApart = false;
      return;
    }
    const arrivedMs = nowUs / 1000;
    const { timeUs, isResent } = publication;
    if (!overtakes({ timeUs, storedUs: undefined, arrivedMs, isResent }, this.#newest, arrivedMs)) {
      // A snapshot has shown a newer one of the same clock epoch: nobody is taken back.
      this.#isGiven = false;
      this.#hasApart = false;
      return;
    }
    this.#hasArrived = true;
    this.offer(nowUs, publication);
  }

  /** A newer sample is known, live or from a snapshot. */
  offer(nowUs: number, publication: Publication): void {
    this.#newest = publication;
    this.#hasApart = true;
    this.#isGiven = this.#shared.offer(nowUs, publication);
    if (this.#apart === undefined) return;
    if (this.#isGiven) this.#apart = undefined;
    else for (const run of this.#apart.values()) run.offer(nowUs, publication);
  }

  /** Whether the sample that came last is given at once. */
  isGivenTo(subscription: Subscription): boolean {
    return this.#isGiven || (this.#hasApart && this.#apart?.get(subscription)?.given === this.#newest);
  }

  /** Whether the newest sample says something that the strategy has not given. */
  get hasUngiven(): boolean {
    return this.#shared.isBehind(this.#newest);
  }

  /** A subscription has had the newest sample in its snapshot, while {@link hasUngiven}. */
  join(subscription: Subscription): void {
    const run = new StrategyRun<Publication>(this.#group.rule);
    // From the same instant as the shared one, so that their intervals end together and it need not run apart for longer.
    run.offer(this.#shared.sentAtUs, this.#newest);
    (this.#apart ??= new Map()).set(subscription, run);
  }

  leave(subscription: Subscription): void {
    this.#apart?.delete(subscription);
    if (this.#apart?.size === 0) this.#apart = undefined;
  }

  expire(nowUs: number): void {
    const newest = this.#newest;
    const apart = this.#apart;
    const wasSilent = this.#shared.isSilent(nowUs);
    const due = this.#shared.expire(nowUs, newest);
    if (due !== undefined) {
      this.#apart = undefined;
      this.#group.give(newest, wasSilent, (subscription) => {
        const hasHad = due === 'repeat' || apart?.get(subscription)?.given === newest;
        return hasHad ? 'repeat' : 'newer';
      });
      return;
    }
    for (const [subscription, run] of apart ?? []) {
      const wasSilentApart = run.isSilent(nowUs);
      const dueApart = run.expire(nowUs, newest);
      if (dueApart === undefined) continue;
      this.#group.give(newest, wasSilentApart, (other) => (other === subscription ? dueApart : undefined));
    }
  }
}
