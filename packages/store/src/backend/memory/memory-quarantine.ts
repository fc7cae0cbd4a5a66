import type { QuarantinePage, QuarantineQuery } from '../backend.ts';
import { quarantineBytes } from '../quarantine-bound.ts';
import type { QuarantineRow } from '../write-batch.ts';

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

  page({ after, limit }: QuarantineQuery): QuarantinePage {
    const found = [...this.#rows.values()].filter(({ id }) => id > (after ?? 0)).slice(0, limit);
    return {
      rows: found.map(({ row }) => row),
      next: found.length === limit ? found.at(-1)?.id : undefined,
    };
  }
}
