import type { CqlSession } from '../session/cql-session.ts';
import { JournalPart } from './journal-part.ts';
import type { Slice } from './slice-registry.ts';

const SELECT = 'SELECT part, data FROM journal WHERE slice = ? AND shard = ?';
const PAGE_ROWS = 64;

/** Decoded columns beside the bytes that they were decoded from. */
const DECODED_FACTOR = 3;

/** A shard of a slice that does not change any more. */
interface CachedShard {
  readonly parts: Promise<readonly JournalPart[]>;
  bytes: number;
}

/** Reads shards of slices, and keeps those of closed slices while there is room: sensors of one shard are often asked for together. */
export class JournalReader {
  readonly #session: CqlSession;
  readonly #cacheBytes: number;
  readonly #cached = new Map<string, CachedShard>();
  #bytes = 0;

  constructor(session: CqlSession, cacheBytes: number) {
    this.#session = session;
    this.#cacheBytes = cacheBytes;
  }

  /** Row by row, in the order in which they were written. @throws {StoreError} */
  async *parts(slice: number, shard: number): AsyncGenerator<{ part: JournalPart; bytes: number }> {
    for await (const rows of this.#session.pages(SELECT, [slice, shard], { fetchSize: PAGE_ROWS })) {
      for (const { part, data } of rows) {
        const bytes = data as Uint8Array;
        const place = `journal of slice ${slice}, shard ${shard}, part ${String(part)}`;
        yield { part: new JournalPart(bytes, place), bytes: bytes.length };
      }
    }
  }

  /** @throws {StoreError} */
  shard({ slice, times }: Slice, shard: number): Promise<readonly JournalPart[]> {
    if (times === undefined) return this.#read(slice, shard).then(({ parts }) => parts);
    const key = `${slice}/${shard}`;
    const known = this.#cached.get(key);
    if (known !== undefined) {
      // The one asked for last goes last.
      this.#cached.delete(key);
      this.#cached.set(key, known);
      return known.parts;
    }
    return this.#readAndKeep(key, slice, shard);
  }

  #readAndKeep(key: string, slice: number, shard: number): Promise<readonly JournalPart[]> {
    const reading = this.#read(slice, shard);
    const entry: CachedShard = { parts: reading.then(({ parts }) => parts), bytes: 0 };
    this.#cached.set(key, entry);
    reading.then(
      ({ bytes }) => {
        if (this.#cached.get(key) !== entry) return;
        entry.bytes = DECODED_FACTOR * bytes;
        this.#bytes += entry.bytes;
        this.#makeRoom();
      },
      () => {
        if (this.#cached.get(key) === entry) this.#cached.delete(key);
      },
    );
    return entry.parts;
  }

  #makeRoom(): void {
    for (const [key, { bytes }] of this.#cached) {
      if (this.#bytes <= this.#cacheBytes) return;
      this.#cached.delete(key);
      this.#bytes -= bytes;
    }
  }

  async #read(slice: number, shard: number): Promise<{ parts: readonly JournalPart[]; bytes: number }> {
    const parts: JournalPart[] = [];
    let total = 0;
    for await (const { part, bytes } of this.parts(slice, shard)) {
      parts.push(part);
      total += bytes;
    }
    return { parts, bytes: total };
  }
}
