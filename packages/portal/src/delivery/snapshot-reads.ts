import { Snapshot, type SnapshotMemory } from './snapshot.ts';

/** Where the current values come from. */
export interface SnapshotSource {
  /**
   * Reads what is current on the subjects of some patterns, as of a marker that is published after the call.
   * @throws when nothing could be read; what is merely missing is told to the snapshot
   */
  fill(snapshot: Snapshot, patterns: readonly string[]): Promise<void>;
}

interface Queued {
  readonly patterns: readonly string[];
  readonly settled: PromiseWithResolvers<Snapshot>;
}

/**
 * Reads snapshots, some at once; those who wait for the same patterns share one, because a read that has not begun is as new as any
 * of them needs it. So a thousand clients that come at once with the same page cost a few reads.
 */
export class SnapshotReads {
  readonly #source: SnapshotSource;
  readonly #memory: SnapshotMemory;
  readonly #mostAtOnce: number;
  readonly #queue = new Map<string, Queued>();
  #running = 0;

  constructor(source: SnapshotSource, memory: SnapshotMemory, mostAtOnce: number) {
    this.#source = source;
    this.#memory = memory;
    this.#mostAtOnce = mostAtOnce;
  }

  /** @returns a snapshot that is retained for the caller, who must release it */
  async read(patterns: readonly string[]): Promise<Snapshot> {
    const distinct = [...new Set(patterns)].sort();
    const name = distinct.join(' ');
    let queued = this.#queue.get(name);
    if (queued === undefined) {
      queued = { patterns: distinct, settled: Promise.withResolvers<Snapshot>() };
      this.#queue.set(name, queued);
      this.#runNext();
    }
    const snapshot = await queued.settled.promise;
    snapshot.retain();
    return snapshot;
  }

  #runNext(): void {
    const [next] = this.#queue;
    if (next === undefined || this.#running >= this.#mostAtOnce) return;
    const [name, { patterns, settled }] = next;
    this.#queue.delete(name);
    this.#running += 1;
    const snapshot = new Snapshot(this.#memory);
    const read = this.#source.fill(snapshot, patterns).then(
      () => settled.resolve(snapshot),
      (error: unknown) => {
        snapshot.release();
        settled.reject(error);
      },
    );
    void read.finally(() => {
      this.#running -= 1;
      this.#runNext();
    });
  }
}
