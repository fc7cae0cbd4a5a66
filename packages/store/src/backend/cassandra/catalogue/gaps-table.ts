import type { GapRow } from '../../write-batch.ts';
import type { CqlSession } from '../session/cql-session.ts';
import type { WriteClock } from './write-clock.ts';

const SELECT =
  'SELECT from_sequence, to_sequence, to_t, from_t, reason, messages, found_t FROM gaps WHERE one = 1';
const INSERT = `
  INSERT INTO gaps (one, from_sequence, to_sequence, to_t, from_t, reason, messages, found_t)
  VALUES (1, ?, ?, ?, ?, ?, ?, ?)`;

interface FoundGap {
  readonly gap: GapRow;
  readonly foundUs: number;
}

/** The table `gaps`, and what is in it. */
export class GapsTable {
  readonly #session: CqlSession;
  readonly #clock: WriteClock;
  /** In the order in which they were found. */
  #found: FoundGap[] = [];
  /** A node was set back: the table may lack some. */
  #isSetBack = false;

  constructor(session: CqlSession, clock: WriteClock) {
    this.#session = session;
    this.#clock = clock;
  }

  get all(): GapRow[] {
    return this.#found.map(({ gap }) => gap);
  }

  /** Forgets all and reads the table. @throws {StoreError} */
  async load(): Promise<void> {
    const found: FoundGap[] = [];
    for await (const rows of this.#session.pages(SELECT)) {
      for (const row of rows) {
        const gap = {
          fromSequence: Number(row.from_sequence),
          toSequence: Number(row.to_sequence),
          fromUs: Number(row.from_t),
          toUs: Number(row.to_t),
          ...(row.messages === null ? {} : { messages: Number(row.messages) }),
          reason: String(row.reason),
        };
        found.push({ gap, foundUs: Number(row.found_t) });
      }
    }
    this.#found = found.sort((a, b) => a.foundUs - b.foundUs);
    this.#isSetBack = false;
  }

  /** Some of the last may be gone from the table: {@link write} brings them back. */
  setBack(): void {
    this.#isSetBack = true;
  }

  /** Each once. @throws {StoreError} */
  async write(gaps: readonly GapRow[]): Promise<void> {
    if (this.#isSetBack) for (const found of this.#found) await this.#insert(found);
    this.#isSetBack = false;
    for (const gap of gaps) {
      if (this.#found.some((known) => isSameGap(known.gap, gap))) continue;
      const found = { gap, foundUs: this.#clock.next() };
      await this.#insert(found);
      this.#found.push(found);
    }
  }

  #insert({ gap, foundUs }: FoundGap): Promise<unknown> {
    const { fromSequence, toSequence, fromUs, toUs, reason, messages } = gap;
    return this.#session.execute(
      INSERT,
      [fromSequence, toSequence, toUs, fromUs, reason, messages, foundUs],
      { timestampUs: this.#clock.next() },
    );
  }
}

function isSameGap(a: GapRow, b: GapRow): boolean {
  return a.fromSequence === b.fromSequence && a.toSequence === b.toSequence && a.toUs === b.toUs;
}
