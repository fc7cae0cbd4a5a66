import type { Publication } from './publication.ts';
import type { Snapshot } from './snapshot.ts';

/** One page of a snapshot on its way to a session. */
export interface SnapshotPage {
  readonly id: number;
  readonly entries: readonly Publication[];
  readonly last: boolean;
  readonly incomplete: string | undefined;
}

/** What an encoding may put around the entries and around each; the subject is counted twice for the escapes that JSON may need. */
const PAGE_OVERHEAD_BYTES = 256;
const ENTRY_OVERHEAD_BYTES = 48;

/** A snapshot in pages for one subscription, each made when there is room for it. Whoever does not take the last must {@link drop} it. */
export class SnapshotPages {
  readonly id: number;
  readonly #snapshot: Snapshot;
  readonly #newer: ReadonlyMap<string, Publication>;
  readonly #pageBytes: number;
  readonly #rest: Iterator<Publication>;
  #ahead: Publication | undefined;
  #isOver = false;

  /**
   * @param snapshot retained for this
   * @param newer what takes the place of an entry, or is added
   * @param pageBytes most bytes of a page, unless one entry alone is larger
   */
  constructor(id: number, snapshot: Snapshot, newer: ReadonlyMap<string, Publication>, pageBytes: number) {
    this.id = id;
    this.#snapshot = snapshot;
    this.#newer = newer;
    this.#pageBytes = pageBytes;
    this.#rest = this.#all();
    this.#advance();
  }

  /** @returns undefined after the last page; there is always at least one */
  take(): SnapshotPage | undefined {
    if (this.#isOver) return undefined;
    const incomplete = this.#snapshot.incomplete;
    const entries: Publication[] = [];
    let bytes = PAGE_OVERHEAD_BYTES + Buffer.byteLength(incomplete ?? '');
    for (let entry = this.#ahead; entry !== undefined; entry = this.#ahead) {
      bytes += ENTRY_OVERHEAD_BYTES + Buffer.byteLength(entry.json) + 2 * Buffer.byteLength(entry.subject);
      if (bytes > this.#pageBytes && entries.length > 0) break;
      entries.push(entry);
      this.#advance();
    }
    const last = this.#ahead === undefined;
    if (last) this.drop();
    return { id: this.id, entries, last, incomplete: last ? incomplete : undefined };
  }

  drop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#snapshot.release();
  }

  #advance(): void {
    const next = this.#rest.next();
    this.#ahead = next.done === true ? undefined : next.value;
  }

  *#all(): Generator<Publication> {
    const { entries } = this.#snapshot;
    for (const [key, entry] of entries) yield this.#newer.get(key) ?? entry;
    for (const [key, entry] of this.#newer) if (!entries.has(key)) yield entry;
  }
}
