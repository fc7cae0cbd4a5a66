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
 * Reads snapshots, some at once, of the same patterns one after the other. Who comes while a read of the same patterns is under way waits for
 * the next one, together with all others who do: a read that has not begun is as new as any of them needs it. So a thousand clients that
 * come at once with the same page cost two reads.
 */
export class SnapshotReads {
  readonly #source: SnapshotSource;
  readonly #memory: SnapshotMemory;
  readonly #mostAtOnce: number;
  readonly #queue = new Map<string, Queued>();
  readonly #running = new Set<string>();

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
    if (this.#running.size >= this.#mostAtOnce) return;
    const next = [...this.#queue].find(([waiting]) => !this.#running.has(waiting));
    if (next === undefined) return;
    const [name, { patterns, settled }] = next;
    this.#queue.delete(name);
    this.#running.add(name);
    const snapshot = new Snapshot(this.#memory);
    const read = this.#source.fill(snapshot, patterns).then(
      () => settled.resolve(snapshot),
      (error: unknown) => {
        snapshot.release();
        settled.reject(error);
      },
    );
    void read.finally(() => {
      this.#running.delete(name);
      this.#runNext();
    });
  }
}
