import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import { Join } from './join.ts';
import { Snapshot, SnapshotMemory, SnapshotMemoryError } from './snapshot.ts';
import { SnapshotReads, type SnapshotSource } from './snapshot-reads.ts';
import type { Subscription } from './subscription.ts';

export interface JoinsOptions {
  readonly source: SnapshotSource;
  readonly limits: PortalLimits;
  readonly metrics: PortalMetrics;
  /** Resolves when NATS delivers what is published on all subscriptions that were made before. */
  readonly established: () => Promise<void>;
  /** Lets a subscription's strategy begin with what is current. */
  readonly begin: (subscription: Subscription, snapshot: Snapshot) => Promise<void>;
}

/** Reads what is current for subscriptions that have just been made, and again for those whose snapshot was not whole. */
export class Joins {
  readonly #options: JoinsOptions;
  readonly #memory: SnapshotMemory;
  readonly #reads: SnapshotReads;
  /** Subscriptions whose last snapshot was not whole, and the timer until it is tried again. */
  readonly #incomplete = new Set<Subscription>();
  #retryTimer: NodeJS.Timeout | undefined;
  /** How often NATS was lost: a read that began before the last loss proves nothing. */
  #losses = 0;

  constructor(options: JoinsOptions) {
    const { limits, metrics, source } = options;
    this.#options = options;
    this.#memory = new SnapshotMemory(limits.snapshotBytes);
    this.#reads = new SnapshotReads(source, this.#memory, limits.joinReads);
    metrics.gauge('snapshot_bytes', 'Snapshots under way', () => this.#memory.bytes);
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#incomplete.clear();
  }

  /** The connection to NATS is gone: what is being read may lack what is published now. */
  lost(): void {
    this.#losses += 1;
  }

  forget(subscription: Subscription): void {
    this.#incomplete.delete(subscription);
  }

  /**
   * What is current for a subscription that NATS has been told of. Resolves within `joinTimeoutMs`; what could not be read until then
   * is missing.
   * @returns retained for the caller
   * @throws {SnapshotMemoryError}
   */
  async read(subscription: Subscription): Promise<Snapshot> {
    const { limits, metrics } = this.#options;
    const endTimer = metrics.joinSeconds.startTimer();
    const reading = this.#readWhole(subscription);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), limits.joinTimeoutMs);
    try {
      const snapshot = await Promise.race([reading, late.promise]);
      if (snapshot !== undefined) {
        metrics.snapshots.inc({ outcome: snapshot.incomplete === undefined ? 'whole' : 'incomplete' });
        await this.#options.begin(subscription, snapshot);
        return snapshot;
      }
      // It may still come, and would be kept in memory for nobody.
      reading.then(
        (unused) => unused.release(),
        () => undefined,
      );
      return this.#nothing(`the streams did not answer within ${limits.joinTimeoutMs} ms`);
    } catch (error) {
      if (error instanceof SnapshotMemoryError) {
        metrics.snapshots.inc({ outcome: 'refused' });
        throw error;
      }
      return this.#nothing(error instanceof Error ? error.message : String(error));
    } finally {
      clearTimeout(timer);
      endTimer();
    }
  }

  /** Sends what is current once more to the subscriptions that wanted it at first. */
  refresh(subscriptions: Iterable<Subscription>): void {
    for (const subscription of subscriptions) {
      if (!subscription.wantsSnapshot || subscription.state === 'closed') continue;
      // Its snapshot is being read already: perhaps from before what happened now.
      if (subscription.watch !== undefined) this.retryLater(subscription);
      else void this.#rejoin(subscription);
    }
  }

  retryLater(subscription: Subscription): void {
    if (subscription.state === 'closed' || !subscription.wantsSnapshot) return;
    this.#incomplete.add(subscription);
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined;
      const waiting = [...this.#incomplete];
      this.#incomplete.clear();
      this.refresh(waiting);
    }, this.#options.limits.joinRetryMs);
  }

  async #readWhole(subscription: Subscription): Promise<Snapshot> {
    const patterns = subscription.wantsSnapshot ? subscription.patterns.map(({ source }) => source) : [];
    for (;;) {
      const losses = this.#losses;
      await this.#options.established();
      const snapshot = await this.#reads.read(patterns);
      if (losses === this.#losses) return snapshot;
      snapshot.release();
    }
  }

  async #rejoin(subscription: Subscription): Promise<void> {
    subscription.watch = subscription.session.newWatch(subscription);
    const snapshot = await this.read(subscription).catch((error: unknown) => this.#nothing(String(error)));
    if (snapshot.incomplete === undefined) {
      subscription.session.begin(subscription, new Join(subscription, snapshot));
      return;
    }
    snapshot.release();
    subscription.watch = undefined;
    this.retryLater(subscription);
  }

  #nothing(reason: string): Snapshot {
    this.#options.metrics.snapshots.inc({ outcome: 'incomplete' });
    const snapshot = new Snapshot(this.#memory);
    snapshot.retain();
    snapshot.miss(reason);
    return snapshot;
  }
}
