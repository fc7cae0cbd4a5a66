import type { SensorAddress } from '@katbus/protocol';
import type { BinsPart, BinsQuery } from '../../bins/bins-query.ts';
import { StoreError } from '../../errors.ts';
import type { OperatedPart, OperatorQuery } from '../../operators/operator-query.ts';
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
import type { SampleRow, StoredSample } from '../stored-sample.ts';
import { ThreadPool } from '../thread/thread-pool.ts';
import type { GapRow, StreamFloor, WriteBatch } from '../write-batch.ts';
import { archiveHolder, type ArchiveHolder } from './archive-holder.ts';
import type { CassandraEvent } from './cassandra-event.ts';
import { CassandraWriter } from './cassandra-writer.ts';
import type { ChunksOptions } from './chunks/chunks-options.ts';
import type { RowsOptions } from './rows/rows-options.ts';
import type { Catalogue, CatalogueOptions, CatalogueSensor } from './catalogue/catalogue.ts';
import { LayoutKeeping } from './keeping/layout-keeping.ts';
import { layoutOf, type LayoutSettings } from './layouts.ts';
import type { LayoutName } from './layout.ts';
import type { KnownSensor } from './reading/history-reader.ts';
import type { ReaderMethods } from './reading/reader-thread.ts';
import type { SessionOptions } from './session/open-session.ts';

/** Options of the Cassandra back end. */
export interface CassandraBackendOptions extends Partial<Omit<CatalogueOptions, 'keepDays' | 'onTrouble'>> {
  readonly cassandra: SessionOptions;
  /** How samples lie in the keyspace. An archive keeps the one that it was made with. */
  readonly layout: LayoutName;
  readonly rows?: Partial<RowsOptions>;
  readonly chunks?: Partial<ChunksOptions>;
  /** A folder of this machine, which tells a store that was started again from any other; absent: none does. */
  readonly directory?: string | undefined;
  readonly onEvent?: (event: CassandraEvent) => void;
}

/** The archiver keeps no sample that is further in the future than an hour. */
const AHEAD_US = 2 * 3_600e6;

/**
 * Samples by a layout, everything else in a catalogue that is held in memory. This thread writes, two others read, and one more does what a
 * layout does by itself. STORAGE.md, "Cassandra", has tables and guarantees.
 *
 * Several processes may have one archive open; only the one that was told to {@link takeOver} may write.
 */
export class CassandraBackend implements Backend {
  readonly name = 'cassandra';
  readonly identity: string;
  readonly intake = { batchMessages: 200_000, batchBytes: 64 * 1024 ** 2, idleWriteMs: 5_000 } as const;
  readonly #writer: CassandraWriter;
  readonly #readers: ThreadPool<ReaderMethods>;
  readonly #keeping: LayoutKeeping | undefined;
  readonly #holder: ArchiveHolder;
  #state: 'open' | 'closed' = 'open';
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(
    writer: CassandraWriter,
    holder: ArchiveHolder,
    settings: LayoutSettings,
    options: CassandraBackendOptions,
  ) {
    this.#writer = writer;
    this.#holder = holder;
    this.identity = holder.identity;
    this.#readers = new ThreadPool(
      'Cassandra reader',
      new URL('./reading/reader-thread.ts', import.meta.url),
      settings,
    );
    if (layoutOf(settings).keeper !== undefined) {
      this.#keeping = new LayoutKeeping(settings, (event) => options.onEvent?.(event));
    }
  }

  /**
   * Connects, and makes keyspace and tables where they are missing.
   * @throws {StoreError} UNAVAILABLE, UNAUTHORIZED, SCHEMA_VERSION, FOREIGN_FILE, ...
   */
  static async open(options: CassandraBackendOptions): Promise<CassandraBackend> {
    const { cassandra, layout, rows, chunks } = options;
    const writer = await CassandraWriter.open(options);
    const holder = archiveHolder(options.directory, writer.archive);
    if (holder.trouble !== undefined) options.onEvent?.({ type: 'nameless', error: holder.trouble });
    return new CassandraBackend(writer, holder, { cassandra, layout, rows, chunks }, options);
  }

  /** Reads the catalogue anew, since another process may have written until now, and begins with what the layout does by itself. */
  async takeOver(): Promise<void> {
    this.#check();
    await this.#writer.reload();
    this.#keeping?.start();
  }

  write(batch: WriteBatch): Promise<WriteSummary> {
    if (this.#state === 'closed') return Promise.reject(closed());
    const writing = this.#writer.write(batch);
    this.#writing = writing.catch(() => undefined);
    return writing;
  }

  async *history(query: HistoryQuery): AsyncIterable<HistoryBlock> {
    const { startUs, endUs, blockSamples, blockBytes } = query;
    let fromUs: number | undefined = startUs;
    while (fromUs !== undefined) {
      const [sensor] = await this.#known([query]);
      if (sensor === undefined) {
        yield { samples: [], nextUs: undefined };
        return;
      }
      const block: HistoryBlock = await this.#readers.call('block', {
        sensor,
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

  async bins(query: BinsQuery): Promise<BinsPart> {
    const sensors = await this.#known(query.series.map(({ address }) => address));
    return this.#readers.call('bins', { query, sensors });
  }

  async operate(query: OperatorQuery): Promise<OperatedPart> {
    const sensors = await this.#known([query.address]);
    return this.#readers.call('operate', { query, sensors });
  }

  async lastBefore(address: SensorAddress, timeUs: number): Promise<StoredSample | undefined> {
    const [sensor] = await this.#known([address]);
    if (sensor === undefined || timeUs <= sensor.firstUs) return undefined;
    return this.#readers.call('lastBefore', { sensor, timeUs });
  }

  async latest(query: LatestQuery): Promise<Page<SampleRow>> {
    return (await this.#catalogue()).latest(query);
  }

  async catalogue(query: CatalogueQuery): Promise<Page<CatalogueRow>> {
    return (await this.#catalogue()).catalogue(query);
  }

  async sensor(address: SensorAddress): Promise<CatalogueRow | undefined> {
    return (await this.#catalogue()).sensor(address);
  }

  async attributesHistory(address: SensorAddress, startUs: number, endUs: number): Promise<AttributesSpan[]> {
    return (await this.#catalogue()).attributesHistory(address, startUs, endUs);
  }

  async floor(): Promise<StreamFloor | undefined> {
    return (await this.#catalogue()).floor();
  }

  async startFloor(): Promise<StreamFloor | undefined> {
    return (await this.#catalogue()).startFloor();
  }

  async begin(): Promise<StreamFloor | undefined> {
    return (await this.#catalogue()).begin();
  }

  async quarantine(query: QuarantineQuery): Promise<QuarantinePage> {
    return (await this.#catalogue()).quarantine(query);
  }

  async releaseQuarantined(ids: readonly number[]): Promise<number> {
    return (await this.#catalogue()).releaseQuarantined(ids);
  }

  async gaps(): Promise<GapRow[]> {
    return (await this.#catalogue()).gaps();
  }

  async statistics(): Promise<BackendStatistics> {
    return (await this.#catalogue()).statistics();
  }

  async tallies(): Promise<TallyPart[]> {
    return (await this.#catalogue()).tallies();
  }

  async writeTallies(parts: readonly TallyPart[]): Promise<void> {
    return (await this.#catalogue()).writeTallies(parts);
  }

  /** Tables know no days. */
  days(): Promise<DayBytes[]> {
    return Promise.resolve([]);
  }

  /**
   * Has the layout do what is due at a time, as it does by itself every few seconds: `chunks` seals what is over.
   * @throws {StoreError}
   */
  async keep(nowMs: number): Promise<void> {
    this.#check();
    await this.#keeping?.pass(nowMs);
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    await this.#writing;
    await Promise.all([this.#keeping?.end(), this.#readers.close()]);
    try {
      await this.#writer.close();
    } finally {
      this.#holder.release();
    }
  }

  async #known(addresses: readonly SensorAddress[]): Promise<KnownSensor[]> {
    const catalogue = await this.#catalogue();
    const known = addresses.map((address) => catalogue.find(address)).filter((found) => found !== undefined);
    return known.map(toKnownSensor);
  }

  #catalogue(): Promise<Catalogue> {
    this.#check();
    return this.#writer.catalogue();
  }

  #check(): void {
    if (this.#state === 'closed') throw closed();
  }
}

function toKnownSensor({ id, component, sensor, widths, firstUs, newestUs }: CatalogueSensor): KnownSensor {
  // After a kill, what is newest may be known a few seconds late.
  const endUs = Math.max(newestUs, 1000 * Date.now() + AHEAD_US) + 1;
  return { id, component, sensor, widths, firstUs, endUs };
}

function closed(): StoreError {
  return new StoreError('CLOSED', 'the back end is closed');
}
