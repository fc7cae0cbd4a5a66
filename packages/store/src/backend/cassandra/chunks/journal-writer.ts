import { setImmediate } from 'node:timers/promises';
import { WriteClock } from '../catalogue/write-clock.ts';
import type { LayoutBatch, LayoutWriter } from '../layout.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { BatchParts } from './batch-parts.ts';
import type { ChunksOptions } from './chunks-options.ts';
import { registryTtlSeconds } from './chunks-tables.ts';
import { encodeJournalPart } from './journal-part.ts';
import { JournalSlices, type OpenSlice } from './journal-slices.ts';
import { RequestsAhead } from './requests-ahead.ts';
import { SliceRegistry } from './slice-registry.ts';

const INSERT = 'INSERT INTO journal (slice, shard, part, data) VALUES (?, ?, ?, ?)';

/** Rows of the journal that wait for their turn or for an answer. */
const ROWS_AHEAD = 128;

/** Works no longer than this without letting others have their turn. */
const TURN_MS = 10;

/** Writes samples into the journal, as they come. */
export class JournalWriter implements LayoutWriter {
  readonly #session: CqlSession;
  readonly #registry: SliceRegistry;
  readonly #clock: WriteClock;
  readonly #now: () => number;
  readonly #slices: JournalSlices;

  /** @param now milliseconds since 1970 */
  constructor(session: CqlSession, options: ChunksOptions, now: () => number) {
    this.#session = session;
    this.#now = now;
    this.#clock = new WriteClock(() => now() * 1_000);
    this.#registry = new SliceRegistry(session);
    const registrySeconds = registryTtlSeconds(options.journalTtlSeconds);
    this.#slices = new JournalSlices(this.#registry, this.#clock, registrySeconds, now);
  }

  async write(batch: LayoutBatch): Promise<void> {
    if (batch.columns.count === 0) return;
    const parts = new BatchParts(batch);
    for (;;) {
      const slice = await this.#slices.enter(batch.columns.count);
      try {
        slice.include(batch.columns.times);
        await this.#writeInto(slice, parts);
      } finally {
        this.#slices.leave(slice);
      }
      // Later, the slice may be sealed without it.
      if (slice.takesAnswersAt(this.#now())) return;
    }
  }

  close(): Promise<void> {
    return this.#slices.close();
  }

  async #writeInto(slice: OpenSlice, parts: BatchParts): Promise<void> {
    const requests = new RequestsAhead(ROWS_AHEAD);
    try {
      // Each time: what a crash of the node takes away is there again with the next batch.
      requests.add(this.#registry.register(slice, this.#clock.next()));
      let turnMs = performance.now();
      for (const { shard, samples } of parts.of(slice.shards)) {
        const data = encodeJournalPart(samples);
        slice.wrote(shard, data.length);
        await requests.room();
        requests.add(this.#insert(slice, shard, data));
        if (performance.now() - turnMs < TURN_MS) continue;
        await setImmediate();
        turnMs = performance.now();
      }
      await requests.done();
    } finally {
      await requests.quiet();
    }
  }

  async #insert({ slice }: OpenSlice, shard: number, data: Uint8Array): Promise<void> {
    const part = this.#clock.next();
    await this.#session.execute(INSERT, [slice, shard, part, data], { timestampUs: part });
  }
}
