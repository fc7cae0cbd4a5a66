import type { QuarantinePage, QuarantineQuery } from '../../backend.ts';
import type { QuarantinedRow, QuarantineReason, QuarantineRow } from '../../write-batch.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { eachAtOnce } from './by-component.ts';
import { QuarantineIds } from './quarantine-ids.ts';
import { identityOf, QuarantineIndex, type QuarantineEntry } from './quarantine-index.ts';
import type { WriteClock } from './write-clock.ts';

/** Messages of a partition. */
const IDS_A_PART = 256;

const SELECT_ALL = 'SELECT id, sequence, received_t, reason, bytes FROM quarantine';
const SELECT_ONE =
  'SELECT sequence, received_t, subject, reason, text, field, payload FROM quarantine WHERE part = ? AND id = ?';
const INSERT = `
  INSERT INTO quarantine (part, id, sequence, received_t, subject, reason, text, field, bytes, payload)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const DELETE_PART = 'DELETE FROM quarantine WHERE part = ?';
const DELETE_UNTIL = 'DELETE FROM quarantine WHERE part = ? AND id <= ?';
const DELETE_ONE = 'DELETE FROM quarantine WHERE part = ? AND id = ?';

/** The table `quarantine`, bounded by bytes. What is in it is known in memory but for the payloads. */
export class QuarantineTable {
  readonly #session: CqlSession;
  readonly #clock: WriteClock;
  readonly #mostBytes: number;
  readonly #ids: QuarantineIds;
  readonly #index = new QuarantineIndex();
  /** Ids of messages whose writing has not succeeded yet, by identity: tried again they keep them. */
  readonly #begun = new Map<string, number>();
  #dropped = 0;

  constructor(session: CqlSession, clock: WriteClock, mostBytes: number) {
    this.#session = session;
    this.#clock = clock;
    this.#mostBytes = mostBytes;
    this.#ids = new QuarantineIds(session);
  }

  get count(): number {
    return this.#index.count;
  }

  get bytes(): number {
    return this.#index.bytes;
  }

  /** How many of the oldest had to go since the call before. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  /** Forgets all and reads the table. @throws {StoreError} */
  async load(): Promise<void> {
    const entries: QuarantineEntry[] = [];
    for await (const rows of this.#session.pages(SELECT_ALL)) {
      for (const row of rows) {
        entries.push({
          id: Number(row.id),
          sequence: Number(row.sequence),
          receivedUs: Number(row.received_t),
          reason: String(row.reason),
          payloadBytes: Number(row.bytes),
        });
      }
    }
    this.#index.clear();
    this.#begun.clear();
    this.#ids.forget();
    for (const entry of entries.sort((a, b) => a.id - b.id)) this.#index.add(entry);
  }

  /** What is there already, because the stream is read again, is written again under its id. @throws {StoreError} */
  async write(rows: readonly QuarantineRow[]): Promise<void> {
    if (rows.length === 0) return;
    const numbered: QuarantinedRow[] = [];
    for (const row of rows) {
      const identity = identityOf(row);
      const id = this.#index.idOf(row) ?? this.#begun.get(identity) ?? (await this.#ids.next());
      this.#begun.set(identity, id);
      numbered.push({ ...row, id });
    }
    await eachAtOnce(numbered, (row) => this.#insert(row));
    for (const row of numbered) {
      this.#begun.delete(identityOf(row));
      this.#index.add({ ...row, payloadBytes: row.payload.length });
    }
    await this.#dropBeyond();
  }

  /** @returns how many were there @throws {StoreError} */
  async release(ids: readonly number[]): Promise<number> {
    const present = [...new Set(ids)].filter((id) => this.#index.find(id) !== undefined);
    await eachAtOnce(present, (id) => this.#execute(DELETE_ONE, [partOf(id), id]));
    for (const id of present) this.#index.remove(id);
    return present.length;
  }

  /** @throws {StoreError} */
  async page(query: QuarantineQuery): Promise<QuarantinePage> {
    const { entries, next } = this.#index.page(query);
    const rows = new Map<number, QuarantinedRow>();
    await eachAtOnce(entries, async ({ id }) => {
      const row = await this.#read(id);
      if (row !== undefined) rows.set(id, row);
    });
    return { rows: entries.map(({ id }) => rows.get(id)).filter((row) => row !== undefined), next };
  }

  async #read(id: number): Promise<QuarantinedRow | undefined> {
    const [row] = await this.#session.execute(SELECT_ONE, [partOf(id), id]);
    return (
      row && {
        id,
        sequence: Number(row.sequence),
        receivedUs: Number(row.received_t),
        subject: String(row.subject),
        reason: String(row.reason) as QuarantineReason,
        text: String(row.text),
        field: String(row.field),
        // An empty blob and none are one to some drivers.
        payload: new Uint8Array((row.payload ?? []) as Uint8Array),
      }
    );
  }

  #insert(row: QuarantinedRow): Promise<unknown> {
    const { id, sequence, receivedUs, subject, reason, text, field, payload } = row;
    const columns = [sequence, receivedUs, subject, reason, text, field, payload.length, payload];
    return this.#execute(INSERT, [partOf(id), id, ...columns]);
  }

  /** Whole partitions where nothing of them is left, else all up to an id: no tombstone for each row. */
  async #dropBeyond(): Promise<void> {
    const gone = this.#index.beyond(this.#mostBytes);
    const last = gone.at(-1);
    if (last === undefined) return;
    const parts = new Set(gone.map(({ id }) => partOf(id)));
    parts.delete(partOf(last.id));
    await eachAtOnce(parts, (part) => this.#execute(DELETE_PART, [part]));
    await this.#execute(DELETE_UNTIL, [partOf(last.id), last.id]);
    for (const { id } of gone) this.#index.remove(id);
    this.#dropped += gone.length;
  }

  #execute(cql: string, values: readonly (number | string | Uint8Array)[]): Promise<unknown> {
    return this.#session.execute(cql, values, { timestampUs: this.#clock.next() });
  }
}

function partOf(id: number): number {
  return Math.floor(id / IDS_A_PART);
}
