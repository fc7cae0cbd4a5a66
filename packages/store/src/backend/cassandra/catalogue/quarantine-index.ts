import type { QuarantineQuery } from '../../backend.ts';
import { quarantineBytes } from '../../quarantine-bound.ts';

/** What is known of a quarantined message without its payload. */
export interface QuarantineEntry {
  readonly id: number;
  readonly sequence: number;
  readonly receivedUs: number;
  readonly reason: string;
  readonly payloadBytes: number;
}

/** Quarantined messages, oldest first, without their payloads. */
export class QuarantineIndex {
  /** By id; a Map keeps the order of insertion, which is that of ids. */
  readonly #entries = new Map<number, QuarantineEntry>();
  readonly #ids = new Map<string, number>();
  #bytes = 0;

  get count(): number {
    return this.#entries.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  find(id: number): QuarantineEntry | undefined {
    return this.#entries.get(id);
  }

  idOf(message: { readonly sequence: number; readonly receivedUs: number }): number | undefined {
    return this.#ids.get(identityOf(message));
  }

  add(entry: QuarantineEntry): void {
    if (this.#entries.has(entry.id)) return;
    this.#entries.set(entry.id, entry);
    this.#ids.set(identityOf(entry), entry.id);
    this.#bytes += quarantineBytes(entry.payloadBytes);
  }

  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#ids.delete(identityOf(entry));
    this.#bytes -= quarantineBytes(entry.payloadBytes);
  }

  clear(): void {
    this.#entries.clear();
    this.#ids.clear();
    this.#bytes = 0;
  }

  /** The oldest that must go so that the rest takes no more than so many bytes. */
  beyond(mostBytes: number): QuarantineEntry[] {
    const gone: QuarantineEntry[] = [];
    let bytes = this.#bytes;
    for (const entry of this.#entries.values()) {
      if (bytes <= mostBytes) break;
      bytes -= quarantineBytes(entry.payloadBytes);
      gone.push(entry);
    }
    return gone;
  }

  page({ after = -1, limit, bytes = Infinity, ids, reason, sinceUs = -Infinity }: QuarantineQuery): {
    readonly entries: readonly QuarantineEntry[];
    readonly next: number | undefined;
  } {
    const wanted = ids && new Set(ids);
    const entries: QuarantineEntry[] = [];
    let taken = 0;
    for (const entry of this.#entries.values()) {
      const { id, receivedUs, payloadBytes } = entry;
      if (id <= after || wanted?.has(id) === false || receivedUs < sinceUs) continue;
      if (reason !== undefined && entry.reason !== reason) continue;
      taken += payloadBytes;
      if (entries.length >= limit || (taken > bytes && entries.length > 0)) {
        return { entries, next: entries.at(-1)?.id };
      }
      entries.push(entry);
    }
    return { entries, next: undefined };
  }
}

export function identityOf({
  sequence,
  receivedUs,
}: {
  readonly sequence: number;
  readonly receivedUs: number;
}): string {
  return `${sequence}:${receivedUs}`;
}
