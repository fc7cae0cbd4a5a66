import type { SensorAddress } from '@katbus/protocol';
import {
  HISTORY_BLOCK,
  type AttributesSpan,
  type Backend,
  type BackendStatistics,
  type CatalogueQuery,
  type CatalogueRow,
  type DayBytes,
  type HistoryBlock,
  type HistoryQuery,
  type LatestQuery,
  type Page,
  type QuarantinePage,
  type QuarantineQuery,
  type TallyPart,
  type WriteSummary,
} from '../backend.ts';
import { archiveIdentity } from '../../election/archive-identity.ts';
import type { BinsPart, BinsQuery } from '../../bins/bins-query.ts';
import type { OperatedPart, OperatorQuery } from '../../operators/operator-query.ts';
import { QUARANTINE_BYTES } from '../quarantine-bound.ts';
import type { SampleRow, StoredSample } from '../stored-sample.ts';
import type { GapRow, StreamFloor, WriteBatch } from '../write-batch.ts';
import {
  DayKeeping,
  KEEPING_DEFAULTS,
  type KeepingEvent,
  type KeepingOptions,
} from './closing/day-keeping.ts';
import type { ClosingReport } from './closing/day-closing.ts';
import { DataDirectory } from './data-directory.ts';
import { packBatch } from './packed-batch.ts';
import type { ReaderMethods } from './reader-thread.ts';
import { buffersOf } from '../sample-columns.ts';
import { SensorNumbers } from '../sensor-numbers.ts';
import { attempt } from './sqlite-file.ts';
import { ThreadPool } from '../thread/thread-pool.ts';
import { Thread } from '../thread/thread.ts';
import type { WriterMethods } from './writer-thread.ts';
import type { WriterOptions } from './writer.ts';

/** Options of the SQLite back end. Defaults: {@link SQLITE_DEFAULTS}. */
export interface SqliteOptions extends Partial<KeepingOptions> {
  /** The data directory; made when it is missing. */
  readonly directory: string;
  /** How much quarantine is kept; the oldest goes. */
  readonly quarantineBytes?: number;
  /** A file's write-ahead log is folded into it when it has about so many bytes. */
  readonly foldAtBytes?: number;
  /** Days were closed or removed, or could not be. */
  readonly onKept?: (event: KeepingEvent) => void;
}

export const SQLITE_DEFAULTS = {
  quarantineBytes: QUARANTINE_BYTES,
  foldAtBytes: 32 * 1024 ** 2,
  ...KEEPING_DEFAULTS,
} as const;

/** Samples in one SQLite file a day, everything else in a catalogue file; one thread writes, two read, one closes days. STORAGE.md has the schema. */
export class SqliteBackend implements Backend {
  readonly name = 'sqlite';
  readonly identity: string;
  readonly #writer: Thread<WriterMethods>;
  readonly #readers: ThreadPool<ReaderMethods>;
  readonly #numbers = new SensorNumbers();
  readonly #keeping: DayKeeping;
  readonly #unlock: () => void;
  /** That the catalogue's file has all that was written; undefined: it is to be asked for. */
  #settled: Promise<void> | undefined;

  private constructor(options: Required<SqliteOptions>, identity: string, unlock: () => void) {
    this.identity = identity;
    this.#unlock = unlock;
    const { directory, quarantineBytes, foldAtBytes, onKept, ...keeping } = options;
    const writerOptions: WriterOptions = { directory, quarantineBytes, foldAtBytes };
    this.#writer = new Thread('SQLite writer', new URL('./writer-thread.ts', import.meta.url), writerOptions);
    this.#readers = new ThreadPool(
      'SQLite reader',
      new URL('./reader-thread.ts', import.meta.url),
      directory,
    );
    const threads = {
      writer: this.#writer,
      refreshReaders: () => this.#readers.callAll('refresh', undefined),
    };
    this.#keeping = new DayKeeping(new DataDirectory(directory), threads, keeping, onKept);
  }

  /** @throws {StoreError} LOCKED, SCHEMA_VERSION, FOREIGN_FILE, or what the disk has to say */
  static async open(options: SqliteOptions): Promise<SqliteBackend> {
    const directory = new DataDirectory(options.directory);
    directory.prepare();
    const unlock = directory.lock();
    let identity: string;
    try {
      identity = attempt(options.directory, () => archiveIdentity(options.directory));
    } catch (error) {
      unlock();
      throw error;
    }
    const backend = new SqliteBackend(
      { ...SQLITE_DEFAULTS, onKept: () => undefined, ...options },
      identity,
      unlock,
    );
    try {
      await backend.#writer.call('open', undefined);
      // Opens the catalogue for reading, which the writer has made if need be.
      await backend.floor();
    } catch (error) {
      await backend.close().catch(() => undefined);
      throw error;
    }
    return backend;
  }

  async write(batch: WriteBatch): Promise<WriteSummary> {
    const packed = packBatch(batch, this.#numbers);
    this.#settled = undefined;
    return this.#writer.call('write', packed, buffersOf(packed.samples));
  }

  async *history(query: HistoryQuery): AsyncIterable<HistoryBlock> {
    const { component, sensor, startUs, endUs, blockSamples, blockBytes } = query;
    let fromUs: number | undefined = startUs;
    while (fromUs !== undefined) {
      const block: HistoryBlock = await this.#readers.call('block', {
        address: { component, sensor },
        startUs: fromUs,
        endUs,
        mostSamples: blockSamples ?? HISTORY_BLOCK.samples,
        mostBytes: blockBytes ?? HISTORY_BLOCK.bytes,
        mostMs: HISTORY_BLOCK.ms,
      });
      yield block;
      fromUs = block.nextUs;
    }
  }

  bins(query: BinsQuery): Promise<BinsPart> {
    return this.#readers.call('bins', query);
  }

  operate(query: OperatorQuery): Promise<OperatedPart> {
    return this.#readers.call('operate', query);
  }

  async lastBefore(address: SensorAddress, timeUs: number): Promise<StoredSample | undefined> {
    const { firstUs = Infinity, lastUs = Infinity } = (await this.sensor(address)) ?? {};
    if (firstUs >= timeUs) return undefined;
    // Of a sensor that is silent since long, the day of its last sample is known: no need to look through those after it.
    return this.#readers.call('lastBefore', { address, timeUs: Math.min(timeUs, lastUs + 1) });
  }

  async latest(query: LatestQuery): Promise<Page<SampleRow>> {
    await this.#settle();
    return this.#readers.call('latest', query);
  }

  async catalogue(query: CatalogueQuery): Promise<Page<CatalogueRow>> {
    await this.#settle();
    return this.#readers.call('catalogue', query);
  }

  async sensor(address: SensorAddress): Promise<CatalogueRow | undefined> {
    await this.#settle();
    return this.#readers.call('sensor', address);
  }

  attributesHistory(address: SensorAddress, startUs: number, endUs: number): Promise<AttributesSpan[]> {
    return this.#readers.call('attributesHistory', { address, startUs, endUs });
  }

  async floor(): Promise<StreamFloor | undefined> {
    await this.#settle();
    return this.#readers.call('floor', undefined);
  }

  /** A commit is synced before it counts. */
  startFloor(): Promise<StreamFloor | undefined> {
    return this.floor();
  }

  begin(): Promise<StreamFloor | undefined> {
    return this.floor();
  }

  /** Has the catalogue's file have all that was written: by itself that takes seconds. @throws {StoreError} */
  settle(): Promise<void> {
    return this.#writer.call('settle', undefined);
  }

  quarantine(query: QuarantineQuery): Promise<QuarantinePage> {
    return this.#readers.call('quarantine', query);
  }

  releaseQuarantined(ids: readonly number[]): Promise<number> {
    return this.#writer.call('releaseQuarantined', ids);
  }

  gaps(): Promise<GapRow[]> {
    return this.#readers.call('gaps', undefined);
  }

  statistics(): Promise<BackendStatistics> {
    return this.#writer.call('statistics', undefined);
  }

  tallies(): Promise<TallyPart[]> {
    return this.#readers.call('tallies', undefined);
  }

  writeTallies(parts: readonly TallyPart[]): Promise<void> {
    return this.#writer.call('writeTallies', parts);
  }

  days(): Promise<DayBytes[]> {
    return this.#readers.call('days', undefined);
  }

  /**
   * Closes the days that are due at a time, and removes those that are kept no longer; happens by itself every minute. Never rejects: `onKept`
   * tells what failed.
   */
  keepDays(nowMs: number): Promise<void> {
    return this.#keeping.pass(nowMs);
  }

  /**
   * Makes chunks of a day's rows now, due or not.
   * @param day counted from 1970-01-01
   * @returns undefined: it has no rows
   * @throws {StoreError} it stays as it was
   */
  closeDay(day: number): Promise<ClosingReport | undefined> {
    return this.#keeping.closeDay(day);
  }

  /** The readers go first: the last connection to a file folds its log, and that must be one that may write. */
  async close(): Promise<void> {
    try {
      await this.#keeping.end();
      await this.#readers.close();
      await this.#writer.close();
    } finally {
      this.#unlock();
    }
  }

  /** What the catalogue knows of samples reaches its file once a second: whoever reads it has it written now. */
  async #settle(): Promise<void> {
    const settled = (this.#settled ??= this.settle());
    try {
      await settled;
    } catch {
      // It cannot be written now, and the archiver says so; what is there can be read all the same.
      if (this.#settled === settled) this.#settled = undefined;
    }
  }
}
