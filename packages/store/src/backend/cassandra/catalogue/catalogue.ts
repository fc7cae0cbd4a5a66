import type { SensorAddress } from '@katbus/protocol';
import type {
  AttributesSpan,
  BackendStatistics,
  CatalogueQuery,
  CatalogueRow,
  LatestQuery,
  Page,
  QuarantinePage,
  QuarantineQuery,
  TallyPart,
  WriteSummary,
} from '../../backend.ts';
import type { SampleRow } from '../../stored-sample.ts';
import type { GapRow, StreamFloor, WriteBatch } from '../../write-batch.ts';
import type { LayoutSensor } from '../layout.ts';
import { SensorIds } from '../sensor-id.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { Announcements } from './announcements.ts';
import { AttributesTable } from './attributes-table.ts';
import type { PreparedBatch } from './catalogue-batch.ts';
import { CatalogueMemory } from './catalogue-memory.ts';
import { CATALOGUE_DEFAULTS, type CatalogueOptions } from './catalogue-options.ts';
import { CataloguePages } from './catalogue-pages.ts';
import { DiskUsage } from './disk-usage.ts';
import { Floors } from './floors.ts';
import { GapsTable } from './gaps-table.ts';
import { LatestKeeping } from './latest-keeping.ts';
import { LatestTable } from './latest-table.ts';
import type { MetSensor } from './met-sensor.ts';
import { widthsWith } from './partition-widths.ts';
import { QuarantineTable } from './quarantine-table.ts';
import { SampleRates } from './sample-rates.ts';
import { SensorsTable } from './sensors-table.ts';
import { TalliesTable } from './tallies-table.ts';
import { WriteClock } from './write-clock.ts';

export type { CatalogueOptions } from './catalogue-options.ts';
export type { PreparedBatch } from './catalogue-batch.ts';

/** A sensor as it is now. */
export interface CatalogueSensor extends LayoutSensor {
  /** No sample is older; Infinity: there is none. */
  readonly firstUs: number;
  /** No sample is newer, as far as this process knows; -Infinity: there is none. */
  readonly newestUs: number;
}

/** What a sample takes in a table, about: until a node has written its files, nobody else tells. */
const SAMPLE_BYTES = 30;
const DAY_US = 86_400e6;

/**
 * What an archive knows beside samples. It is held in memory, and written to its tables: at once, except for latest values, which follow every ten seconds.
 *
 * A batch is written in this order, and each step may be repeated: {@link prepare} (sensors), the samples, {@link commit} (attributes, quarantine,
 * gaps, floor). Killed anywhere in between, the floor is that of before, and the stream gives the batch again.
 */
export class Catalogue {
  readonly #options: CatalogueOptions;
  readonly #clock = new WriteClock();
  readonly #memory = new CatalogueMemory();
  readonly #rates = new SampleRates();
  readonly #sensors: SensorsTable;
  readonly #latest: LatestTable;
  readonly #attributes: AttributesTable;
  readonly #quarantine: QuarantineTable;
  readonly #gaps: GapsTable;
  readonly #floors: Floors;
  readonly #tallies: TalliesTable;
  readonly #diskUsage: DiskUsage;
  readonly #announcements: Announcements;
  readonly #keeping: LatestKeeping;
  readonly #pages: CataloguePages;
  #ids = new SensorIds();
  /** Whose rows are to be written. */
  #toStore = new Set<MetSensor>();
  /** Whose newest attributes may be missing in their table: tables were dropped. */
  #toAnnounce: readonly MetSensor[] = [];
  #added = 0;
  #samples = 0;
  /** A process that has written nothing, as one that stood by, leaves everything as it is. */
  #hasWritten = false;

  private constructor(session: CqlSession, options: CatalogueOptions) {
    this.#options = options;
    this.#sensors = new SensorsTable(session, this.#clock);
    this.#latest = new LatestTable(session);
    this.#attributes = new AttributesTable(session, this.#clock);
    this.#quarantine = new QuarantineTable(session, this.#clock, options.quarantineBytes);
    this.#gaps = new GapsTable(session, this.#clock);
    this.#floors = new Floors(session, this.#clock, options);
    this.#tallies = new TalliesTable(session, this.#clock);
    this.#diskUsage = new DiskUsage(session);
    this.#announcements = new Announcements(this.#attributes, (sensor) => this.#toStore.add(sensor));
    this.#keeping = new LatestKeeping(
      {
        table: this.#latest,
        columns: this.#memory.latest,
        clock: this.#clock,
        sensorOf: (number) => this.#memory.sensorOf(number),
        onTrouble: (error) => {
          this.#trouble('latest values', error);
        },
      },
      options,
    );
    this.#pages = new CataloguePages(this.#memory.stored, this.#memory.latest, () => this.#keptFromUs());
  }

  /** Reads everything; the tables are there. @throws {StoreError} */
  static async open(session: CqlSession, options: Partial<CatalogueOptions> = {}): Promise<Catalogue> {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const catalogue = new Catalogue(session, { ...CATALOGUE_DEFAULTS, ...Object.fromEntries(given) });
    await catalogue.reload();
    return catalogue;
  }

  /** Reads everything anew: another process may have written since. Not while a batch is written. @throws {StoreError} */
  async reload(): Promise<void> {
    this.#keeping.stop();
    this.#hasWritten = false;
    this.#memory.clear();
    this.#ids = new SensorIds();
    this.#toStore = new Set();
    this.#toAnnounce = [];
    await Promise.all([
      this.#loadSensors(),
      this.#loadLatest(),
      this.#quarantine.load(),
      this.#gaps.load(),
      this.#floors.load(),
    ]);
    this.#keeping.start(this.#floors.latestUs);
  }

  /** What must be durable before the samples of a batch are: sensors, and since when they have samples. @throws {StoreError} */
  async prepare(batch: WriteBatch): Promise<PreparedBatch> {
    const samples = this.#memory.pack(batch.samples);
    const announcements = batch.attributes.map((row) => ({ sensor: this.#memory.meet(row), row }));
    for (const { sensor } of announcements) if (!sensor.isStored) this.#toStore.add(sensor);
    const { count, sensors, times } = samples.columns;
    const { firstUs } = this.#memory.latest;
    for (let row = 0; row < count; row++) {
      const number = sensors[row]!;
      // Of a sensor that is not in its table there is no first sample either.
      if (times[row]! >= firstUs[number]!) continue;
      firstUs[number] = times[row]!;
      this.#toStore.add(this.#memory.sensorOf(number));
    }
    await this.#storeSensors();
    return { samples, announcements, batch };
  }

  /** The samples of a batch are stored: the rest follows, the floor last. @throws {StoreError} */
  async commit({ samples, announcements, batch }: PreparedBatch): Promise<WriteSummary> {
    this.#hasWritten = true;
    await this.#floors.settle();
    this.#memory.latest.take(samples.columns, samples.received, this.#countNewest);
    await this.#announceAgain();
    await this.#announcements.write(announcements);
    await this.#quarantine.write(batch.quarantine);
    await this.#gaps.write(batch.gaps);
    await this.#storeSensors();
    if (batch.floor !== undefined) await this.#floors.record(batch.floor, this.#keeping.throughUs);
    this.#samples += samples.columns.count;
    const newSensors = this.#added;
    this.#added = 0;
    return {
      newSensors,
      changedAttributes: this.#announcements.takeChanged(),
      quarantineDropped: this.#quarantine.takeDropped(),
    };
  }

  /** undefined: it has neither samples nor attributes. */
  find(address: SensorAddress): CatalogueSensor | undefined {
    const sensor = this.#memory.find(address);
    if (sensor === undefined) return undefined;
    const { id, component, widths, number } = sensor;
    const { firstUs, newestUs } = this.#memory.latest;
    return {
      id,
      component,
      sensor: sensor.sensor,
      widths,
      firstUs: firstUs[number]!,
      newestUs: newestUs[number]!,
    };
  }

  /** As {@link Backend.latest}. @throws {MalformedPatternError} */
  latest(query: LatestQuery): Promise<Page<SampleRow>> {
    return this.#pages.latest(query);
  }

  /** As {@link Backend.catalogue}. @throws {MalformedPatternError} */
  catalogue(query: CatalogueQuery): Promise<Page<CatalogueRow>> {
    return this.#pages.catalogue(query);
  }

  sensor(address: SensorAddress): CatalogueRow | undefined {
    const sensor = this.#memory.find(address);
    return sensor && this.#pages.rowOf(sensor);
  }

  /** @throws {StoreError} */
  attributesHistory(address: SensorAddress, startUs: number, endUs: number): Promise<AttributesSpan[]> {
    return this.#attributes.between(address, startUs, endUs);
  }

  floor(): StreamFloor | undefined {
    return this.#floors.newest;
  }

  /** As {@link Backend.startFloor}: undefined as long as nothing is old enough to be sure. */
  startFloor(): StreamFloor | undefined {
    return this.#floors.start;
  }

  /** As {@link Backend.begin}. */
  begin(): StreamFloor | undefined {
    return this.#floors.begin();
  }

  /** @throws {StoreError} */
  quarantine(query: QuarantineQuery): Promise<QuarantinePage> {
    return this.#quarantine.page(query);
  }

  /** @throws {StoreError} */
  releaseQuarantined(ids: readonly number[]): Promise<number> {
    return this.#quarantine.release(ids);
  }

  gaps(): GapRow[] {
    return this.#gaps.all;
  }

  /** @throws {StoreError} */
  tallies(): Promise<TallyPart[]> {
    return this.#tallies.all();
  }

  /** @throws {StoreError} */
  writeTallies(parts: readonly TallyPart[]): Promise<void> {
    return this.#tallies.write(parts);
  }

  /** `bytes` is what one node says, or about what was written since the start, if that is more. */
  async statistics(): Promise<BackendStatistics> {
    const sensors = this.#memory.stored.count;
    const quarantineBytes = this.#quarantine.bytes;
    const bytes = SAMPLE_BYTES * (this.#samples + sensors) + quarantineBytes;
    const onDisk = await this.#diskUsage.bytes().catch(() => 0);
    return {
      sensors,
      quarantined: this.#quarantine.count,
      quarantineBytes,
      bytes: Math.max(bytes, onDisk),
    };
  }

  /**
   * What was acknowledged in the last `setBackSeconds` before a time may be gone: {@link startFloor} is from before, and the catalogue's own rows of
   * that time are written again with the next batch.
   * @param lostSinceMs by the wall clock; -Infinity: everything, as when tables were dropped
   */
  setBack(lostSinceMs: number): void {
    const sinceUs = 1000 * (lostSinceMs - 2000 * this.#options.setBackSeconds);
    this.#floors.setBack(1000 * lostSinceMs);
    this.#gaps.setBack();
    const { latest, met } = this.#memory;
    for (const sensor of met) {
      if (sensor.isStored && sensor.writtenUs >= sinceUs) this.#toStore.add(sensor);
      if (latest.timesUs[sensor.number] !== -Infinity) latest.change(sensor.number);
    }
    if (lostSinceMs === -Infinity) this.#toAnnounce = met.filter(({ announced }) => announced !== undefined);
  }

  /** Writes latest values and the floor. What could not be written is read from the stream again at the next start. */
  async close(): Promise<void> {
    this.#keeping.stop();
    if (!this.#hasWritten) return;
    try {
      await this.#floors.settle();
      await this.#keeping.settle();
      const floor = this.#floors.newest;
      if (floor !== undefined) await this.#floors.record(floor, this.#keeping.throughUs, true);
    } catch (error) {
      this.#trouble('the last values at the end', error);
    }
  }

  readonly #countNewest = (number: number, timeUs: number): void => {
    const width = this.#rates.count(number, timeUs, this.#widthOf);
    if (width === undefined) return;
    const sensor = this.#memory.sensorOf(number);
    const widths = widthsWith(sensor.widths, width, timeUs, Date.now() * 1000);
    if (widths === sensor.widths) return;
    // Stored with this batch, long before a sample falls into the new span.
    sensor.widths = widths;
    this.#toStore.add(sensor);
  };

  readonly #widthOf = (number: number) => this.#memory.sensorOf(number).widths.at(-1)!.width;

  async #storeSensors(): Promise<void> {
    const toStore = this.#toStore;
    if (toStore.size === 0) return;
    // What is added meanwhile is written the next time.
    this.#toStore = new Set();
    try {
      for (const sensor of toStore) if (sensor.id === 0) sensor.id = this.#ids.idFor(sensor);
      await this.#sensors.write(toStore, ({ number }) => this.#memory.latest.firstUs[number]!);
    } catch (error) {
      for (const sensor of toStore) this.#toStore.add(sensor);
      throw error;
    }
    for (const sensor of toStore) if (this.#memory.nowStored(sensor)) this.#added++;
  }

  async #announceAgain(): Promise<void> {
    if (this.#toAnnounce.length === 0) return;
    await this.#quarantine.load();
    await this.#announcements.restore(this.#toAnnounce);
    this.#toAnnounce = [];
  }

  async #loadSensors(): Promise<void> {
    for await (const rows of this.#sensors.rows()) {
      for (const { component, sensor: token, id, katcpName, firstUs, announced, widths } of rows) {
        const sensor = this.#memory.meet({ component, sensor: token });
        Object.assign(sensor, { id, katcpName, announced, widths });
        this.#ids.take(id);
        this.#memory.latest.firstUs[sensor.number] = firstUs;
        this.#memory.nowStored(sensor);
      }
    }
  }

  async #loadLatest(): Promise<void> {
    for await (const rows of this.#latest.rows()) {
      for (const row of rows) this.#memory.latest.load(this.#memory.meet(row).number, row);
    }
  }

  #keptFromUs(): number {
    const { keepDays } = this.#options;
    return keepDays === 0 ? -Infinity : 1000 * Date.now() - keepDays * DAY_US;
  }

  #trouble(what: string, error: unknown): void {
    this.#options.onTrouble(what, error instanceof Error ? error : new Error(String(error)));
  }
}
