import { setTimeout as delay } from 'node:timers/promises';
import { StoreError } from '../../../errors.ts';
import { WriteClock } from '../catalogue/write-clock.ts';
import type { KeeperReport, LayoutKeeper } from '../layout.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { ChunkBuckets } from './chunk-buckets.ts';
import { ChunkTable } from './chunk-table.ts';
import { ChunkVerification } from './chunk-verification.ts';
import type { ChunksOptions } from './chunks-options.ts';
import { registryTtlSeconds } from './chunks-tables.ts';
import { HourSealing } from './hour-sealing.ts';
import { JournalReader } from './journal-reader.ts';
import { SealedChunks } from './sealed-chunks.ts';
import { ShardSealing, shardsToSeal } from './shard-sealing.ts';
import { SliceRegistry, type Slice } from './slice-registry.ts';

const HOUR_US = 3_600e6;

/** A shard whose chunks are written. */
interface SealedShard {
  readonly shard: number;
  readonly sealed: SealedChunks;
  readonly atMs: number;
}

/**
 * Seals what is over. Killed anywhere, nothing is lost and nothing counts twice: what is sealed already is laid over itself, and slices count as
 * sealed only when all of their chunks were found in Cassandra half a minute after they were written.
 */
export class ChunksKeeper implements LayoutKeeper {
  readonly #options: ChunksOptions;
  readonly #now: () => number;
  readonly #clock: WriteClock;
  readonly #registry: SliceRegistry;
  readonly #sealing: ShardSealing;
  readonly #verification: ChunkVerification;
  readonly #over = new AbortController();
  #work: Promise<unknown> = Promise.resolve();
  /** What arrived before is sealed; undefined: not asked yet. */
  #throughUs: number | undefined;

  /** @param now milliseconds since 1970 */
  constructor(session: CqlSession, options: ChunksOptions, now: () => number) {
    this.#options = options;
    this.#now = now;
    this.#clock = new WriteClock(() => now() * 1_000);
    this.#registry = new SliceRegistry(session);
    const chunks = new ChunkTable(session);
    const buckets = new ChunkBuckets(session);
    const { keepDays } = options;
    const hours = new HourSealing({ session, chunks, buckets, clock: this.#clock, now, keepDays });
    const check = () => this.#check();
    const journal = new JournalReader(session, 0);
    this.#sealing = new ShardSealing(journal, hours, options.sealSamples, check);
    this.#verification = new ChunkVerification(chunks, buckets, check);
  }

  /** @param nowMs a later time than it is: seals, too, what may still change, and will seal it again */
  pass(nowMs: number): Promise<KeeperReport> {
    const pass = this.#pass(nowMs);
    this.#work = pass.catch(() => undefined);
    return pass;
  }

  lagSeconds(nowMs: number): number | undefined {
    if (this.#throughUs === undefined) return undefined;
    const { sealEverySeconds, sealAfterSeconds } = this.#options;
    const dueMs = this.#throughUs / 1_000 + 1_000 * (sealEverySeconds + sealAfterSeconds);
    return Math.max(0, Math.round((nowMs - dueMs) / 1_000));
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#work;
  }

  async #pass(nowMs: number): Promise<KeeperReport> {
    this.#check();
    const realMs = this.#now();
    const dueUs = this.#dueAt(Math.min(nowMs, realMs));
    const beganUs = await this.#firstUnsealed(dueUs);
    const report = { sealedSlices: 0, samples: 0, chunks: 0 };
    let throughUs = beganUs;
    this.#throughUs = beganUs;
    try {
      while (throughUs < dueUs) {
        throughUs = await this.#sealNext(throughUs, dueUs, report);
        this.#throughUs = throughUs;
      }
      if (nowMs > realMs) await this.#sealEarly(throughUs, this.#dueAt(nowMs), report);
    } catch (error) {
      throw this.#withLag(error, dueUs - throughUs);
    }
    this.#reportExpired(beganUs, realMs);
    return report;
  }

  /** Slices begun before it get nothing more at a time. */
  #dueAt(nowMs: number): number {
    const { sealEverySeconds, sealAfterSeconds } = this.#options;
    return Math.floor((nowMs / 1_000 - sealAfterSeconds) / sealEverySeconds) * sealEverySeconds * 1e6;
  }

  async #firstUnsealed(dueUs: number): Promise<number> {
    const throughUs = await this.#registry.sealedThrough();
    if (throughUs !== undefined) return throughUs;
    const oldestUs = this.#now() * 1_000 - registryTtlSeconds(this.#options.journalTtlSeconds) * 1e6;
    const [first] = await this.#registry.between(oldestUs, dueUs);
    return first?.slice ?? dueUs;
  }

  /** The slices up to the next moment at which is sealed. @returns through when everything is sealed now */
  async #sealNext(throughUs: number, dueUs: number, report: Counts): Promise<number> {
    const everyUs = this.#options.sealEverySeconds * 1e6;
    const slices = await this.#registry.between(throughUs, dueUs);
    const firstUs = slices[0]?.slice;
    const untilUs =
      firstUs === undefined ? dueUs : Math.min(dueUs, (Math.floor(firstUs / everyUs) + 1) * everyUs);
    const some = slices.filter(({ slice }) => slice < untilUs);
    if (some.length > 0) await this.#seal(some, untilUs, report);
    await this.#registry.sealThrough(untilUs, this.#clock.next());
    report.sealedSlices += some.length;
    return untilUs;
  }

  async #seal(slices: readonly Slice[], throughUs: number, report: Counts): Promise<void> {
    const shards = shardsToSeal(slices, throughUs, this.#options.sealSamples);
    const done = await this.#registry.sealedShards(throughUs);
    const waiting: SealedShard[] = [];
    for (let shard = 0; shard < shards; shard++) {
      if (done.some((some) => some.shards === shards && some.shard === shard)) continue;
      const sealed = new SealedChunks();
      report.samples += await this.#sealing.seal({ slices, shards, shard }, sealed);
      waiting.push({ shard, sealed, atMs: performance.now() });
      while (waiting.length > 0 && this.#msUntilDurable(waiting[0]!) <= 0) {
        await this.#confirm(waiting.shift()!, shards, throughUs, report);
      }
    }
    for (const one of waiting) {
      const { signal } = this.#over;
      await delay(Math.max(0, this.#msUntilDurable(one)), undefined, { signal }).catch(() => undefined);
      await this.#confirm(one, shards, throughUs, report);
    }
  }

  #msUntilDurable({ atMs }: SealedShard): number {
    return atMs + this.#options.verifyAfterSeconds * 1_000 - performance.now();
  }

  async #confirm(
    { shard, sealed }: SealedShard,
    shards: number,
    throughUs: number,
    report: Counts,
  ): Promise<void> {
    this.#check();
    await this.#verification.verify(sealed);
    const { chunks } = sealed;
    await this.#registry.sealShard(throughUs, { shards, shard, chunks }, this.#clock.next());
    report.chunks += chunks;
  }

  /** Makes chunks of slices that still may get more: they stay unsealed. */
  async #sealEarly(throughUs: number, untilUs: number, report: Counts): Promise<void> {
    const endUs = Math.min(untilUs, this.#now() * 1_000 + HOUR_US);
    const slices = await this.#registry.between(throughUs, endUs);
    if (slices.length === 0) return;
    const shards = shardsToSeal(slices, endUs, this.#options.sealSamples);
    for (let shard = 0; shard < shards; shard++) {
      const sealed = new SealedChunks();
      report.samples += await this.#sealing.seal({ slices, shards, shard }, sealed);
      report.chunks += sealed.chunks;
    }
  }

  /** When it lags, everybody is to know before the journal goes. */
  #withLag(error: unknown, lagUs: number): unknown {
    const { journalTtlSeconds } = this.#options;
    const lagSeconds = Math.round(lagUs / 1e6);
    if (!(error instanceof StoreError) || error.code === 'CLOSED' || lagSeconds < journalTtlSeconds / 2) {
      return error;
    }
    const text = `sealing lags by ${lagSeconds} s, and the journal is kept for ${journalTtlSeconds} s only: ${error.message}`;
    return new StoreError(error.code, text, error.path, { cause: error });
  }

  /** @throws {StoreError} IO when some of the journal is gone */
  #reportExpired(beganUs: number, nowMs: number): void {
    const keptUs = nowMs * 1_000 - this.#options.journalTtlSeconds * 1e6;
    if (beganUs >= keptUs) return;
    const iso = (us: number) => new Date(us / 1_000).toISOString();
    throw new StoreError(
      'IO',
      `what arrived from ${iso(beganUs)} to ${iso(keptUs)}, if anything, has gone with the journal before it was sealed: empty the table floors and start again, to have it read from the stream`,
    );
  }

  #check(): void {
    if (this.#over.signal.aborted) throw new StoreError('CLOSED', 'the sealing of the journal was ended');
  }
}

interface Counts {
  sealedSlices: number;
  samples: number;
  chunks: number;
}
