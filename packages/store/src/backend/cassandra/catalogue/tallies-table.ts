import type { TallyPart } from '../../backend.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { eachAtOnce } from './by-component.ts';
import type { WriteClock } from './write-clock.ts';

const SELECT = 'SELECT name, data FROM tallies';
const INSERT = 'INSERT INTO tallies (name, data) VALUES (?, ?)';
/** A part has up to 1 MiB. */
const ROWS_A_PAGE = 20;
const AT_ONCE = 4;

/** The table `tallies`: what reports are made of, by name. */
export class TalliesTable {
  readonly #session: CqlSession;
  readonly #clock: WriteClock;

  constructor(session: CqlSession, clock: WriteClock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** @throws {StoreError} */
  async all(): Promise<TallyPart[]> {
    const parts: TallyPart[] = [];
    for await (const rows of this.#session.pages(SELECT, [], { fetchSize: ROWS_A_PAGE })) {
      for (const row of rows) parts.push({ name: String(row.name), data: row.data as Uint8Array });
    }
    return parts;
  }

  /** @throws {StoreError} */
  async write(parts: readonly TallyPart[]): Promise<void> {
    await eachAtOnce(
      parts,
      ({ name, data }) => this.#session.execute(INSERT, [name, data], { timestampUs: this.#clock.next() }),
      AT_ONCE,
    );
  }
}
