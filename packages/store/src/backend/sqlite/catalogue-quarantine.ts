import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { quarantineBytes } from '../quarantine-bound.ts';
import type { QuarantineRow } from '../write-batch.ts';

/** The table `quarantine` while it is written: bounded by bytes, the oldest rows go. */
export class CatalogueQuarantine {
  readonly #mostBytes: number;
  readonly #insert: StatementSync;
  readonly #oldest: StatementSync;
  readonly #delete: StatementSync;
  readonly #sizeOf: StatementSync;
  #bytes: number;
  #count: number;

  constructor(database: DatabaseSync, mostBytes: number) {
    this.#mostBytes = mostBytes;
    this.#insert = database.prepare(`
      INSERT INTO quarantine (sequence, received_t, subject, reason, text, field, payload)
      VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
    this.#oldest = database.prepare(
      'SELECT id, length(payload) AS bytes FROM quarantine ORDER BY id LIMIT 100',
    );
    this.#delete = database.prepare('DELETE FROM quarantine WHERE id = ?');
    this.#sizeOf = database.prepare('SELECT length(payload) AS bytes FROM quarantine WHERE id = ?');
    const sums = database
      .prepare('SELECT count(*) AS count, total(length(payload)) AS bytes FROM quarantine')
      .get();
    this.#count = Number(sums?.count);
    this.#bytes = Number(sums?.bytes) + quarantineBytes(0) * this.#count;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Within a transaction. @returns how many were there */
  release(ids: readonly number[]): number {
    let released = 0;
    for (const id of ids) {
      const bytes = this.#sizeOf.get(id)?.bytes;
      if (bytes === undefined) continue;
      this.#delete.run(id);
      this.#count--;
      this.#bytes -= quarantineBytes(Number(bytes));
      released++;
    }
    return released;
  }

  /**
   * Within the transaction of a batch.
   * @returns how many of the oldest had to go
   */
  write(rows: readonly QuarantineRow[]): number {
    for (const { sequence, receivedUs, subject, reason, text, field, payload } of rows) {
      const { changes } = this.#insert.run(sequence, receivedUs, subject, reason, text, field, payload);
      if (changes === 0) continue;
      this.#count++;
      this.#bytes += quarantineBytes(payload.length);
    }
    let dropped = 0;
    while (this.#bytes > this.#mostBytes && this.#count > 0) {
      for (const { id, bytes } of this.#oldest.all()) {
        if (this.#bytes <= this.#mostBytes) break;
        this.#delete.run(id!);
        this.#count--;
        this.#bytes -= quarantineBytes(Number(bytes));
        dropped++;
      }
    }
    return dropped;
  }
}
