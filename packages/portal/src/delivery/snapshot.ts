import { SharedMemory } from '../shared-memory.ts';
import { overtakes } from './overtakes.ts';
import type { Publication } from './publication.ts';

/** Snapshots under way would need more memory than they may have. */
export class SnapshotMemoryError extends Error {
  readonly code = 'SNAPSHOT_MEMORY';

  constructor(mostBytes: number) {
    super(
      `the snapshots that are under way have ${mostBytes} bytes, as much as they may: ask again in a second`,
    );
    this.name = 'SnapshotMemoryError';
  }
}

/** What the snapshots of all sessions take, while they are read and until their last page is sent. Refuses with {@link SnapshotMemoryError}. */
export class SnapshotMemory extends SharedMemory {
  constructor(mostBytes: number) {
    super(mostBytes, (most) => new SnapshotMemoryError(most));
  }
}

/** What an entry takes beside its text: the publication, its place in a map, its subject. */
const ENTRY_BYTES = 250;

/** What is current on some subjects: of each key the newest publication. Several sessions may share one. */
export class Snapshot {
  readonly #memory: SnapshotMemory;
  readonly #entries = new Map<string, Publication>();
  #times: Map<string, number> | undefined;
  #bytes = 0;
  #users = 0;
  /** Names the point in the streams from which what is live is complete; empty when it is not known. */
  cursor = '';
  /** What could not be read, in words; undefined: nothing is missing. */
  incomplete: string | undefined;

  constructor(memory: SnapshotMemory) {
    this.#memory = memory;
  }

  get entries(): ReadonlyMap<string, Publication> {
    return this.#entries;
  }

  /**
   * Keeps the newer, as {@link overtakes} says; a message that has no time replaces what was there.
   * @throws {SnapshotMemoryError}
   */
  add(publication: Publication): void {
    const other = this.#entries.get(publication.key);
    if (other !== undefined && !overtakes(publication, other, performance.now())) return;
    const bytes = publication.json.length + (other === undefined ? ENTRY_BYTES : -other.json.length);
    this.#memory.take(bytes);
    this.#bytes += bytes;
    this.#entries.set(publication.key, publication);
  }

  miss(reason: string): void {
    this.incomplete = this.incomplete === undefined ? reason : `${this.incomplete}; ${reason}`;
  }

  /** The times of its samples, microseconds, by key; made once. */
  times(): ReadonlyMap<string, number> {
    if (this.#times === undefined) {
      this.#times = new Map();
      for (const { kind, key, timeUs } of this.#entries.values()) {
        if (kind === 'sample') this.#times.set(key, timeUs);
      }
    }
    return this.#times;
  }

  /** One more will read the entries, and must {@link release} them. */
  retain(): void {
    this.#users += 1;
  }

  release(): void {
    this.#users -= 1;
    if (this.#users > 0) return;
    this.#memory.giveBack(this.#bytes);
    this.#bytes = 0;
    // The times may be needed for longer than the entries.
    this.times();
    this.#entries.clear();
  }
}
