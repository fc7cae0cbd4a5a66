import type { QuarantinePage, QuarantineQuery } from '../backend.ts';
import { quarantineBytes } from '../quarantine-bound.ts';
import type { QuarantinedRow, QuarantineRow } from '../write-batch.ts';

/** Quarantined messages in the order in which they came, bounded by bytes. */
export class MemoryQuarantine {
  readonly #mostBytes: number;
  /** By identity; a Map keeps the order of insertion. */
  readonly #rows = new Map<string, { readonly id: number; readonly row: QuarantineRow }>();
  #lastId = 0;
  #bytes = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get count(): number {
    return this.#rows.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns how many of the oldest had to go */
  write(rows: readonly QuarantineRow[]): number {
    for (const row of rows) {
      const identity = `${row.sequence}:${row.receivedUs}`;
      if (this.#rows.has(identity)) continue;
      this.#rows.set(identity, { id: ++this.#lastId, row });
      this.#bytes += quarantineBytes(row.payload.length);
    }
    let dropped = 0;
    for (const [identity, { row }] of this.#rows) {
      if (this.#bytes <= this.#mostBytes) break;
      this.#rows.delete(identity);
      this.#bytes -= quarantineBytes(row.payload.length);
      dropped++;
    }
    return dropped;
  }

  /** @returns how many were there */
  release(ids: readonly number[]): number {
    const wanted = new Set(ids);
    const before = this.#rows.size;
    for (const [identity, { id, row }] of this.#rows) {
      if (!wanted.has(id)) continue;
      this.#rows.delete(identity);
      this.#bytes -= quarantineBytes(row.payload.length);
    }
    return before - this.#rows.size;
  }

  page({
    after = 0,
    limit,
    bytes = Infinity,
    ids,
    reason,
    sinceUs = -Infinity,
  }: QuarantineQuery): QuarantinePage {
    const wanted = ids && new Set(ids);
    const rows: QuarantinedRow[] = [];
    let taken = 0;
    for (const { id, row } of this.#rows.values()) {
      if (id <= after || wanted?.has(id) === false || row.receivedUs < sinceUs) continue;
      if (reason !== undefined && row.reason !== reason) continue;
      taken += row.payload.length;
      if (rows.length >= limit || (taken > bytes && rows.length > 0)) return { rows, next: rows.at(-1)?.id };
      rows.push({ ...row, id });
    }
    return { rows, next: undefined };
  }
}
