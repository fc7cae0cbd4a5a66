import { formatAddress, type SensorAddress } from '@katbus/protocol';
import { passingIdentity } from '../../election/archive-identity.ts';
import type { BinsPart, BinsQuery } from '../../bins/bins-query.ts';
import { readBins } from '../../bins/bins-reader.ts';
import type { SampleSource } from '../../bins/sample-source.ts';
import { StoreError } from '../../errors.ts';
import { operate } from '../../operators/operate.ts';
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
import { PageFiller } from '../page-filler.ts';
import { QUARANTINE_BYTES } from '../quarantine-bound.ts';
import { catalogueMatcher, compareAddresses, katcpName, subjectMatcher } from '../sensor-match.ts';
import { wireBytes, type SampleRow, type StoredSample } from '../stored-sample.ts';
import type { GapRow, StreamFloor, WriteBatch } from '../write-batch.ts';
import { memoryPieces } from './memory-pieces.ts';
import { MemoryQuarantine } from './memory-quarantine.ts';
import { MemorySensor } from './memory-sensor.ts';

/** Options of the memory back end. Defaults: {@link MEMORY_DEFAULTS}. */
export interface MemoryOptions {
  /** Of all sensors together. Beyond it, the sensors with more than an equal share lose their oldest. */
  readonly mostSamples?: number;
  readonly quarantineBytes?: number;
}

export const MEMORY_DEFAULTS = { mostSamples: 5_000_000, quarantineBytes: QUARANTINE_BYTES } as const;

/** What a sample takes in memory, about. */
const SAMPLE_BYTES = 120;

/** Keeps everything in this process and loses it with the process: for trying things out and for tests. */
export class MemoryBackend implements Backend {
  readonly name = 'memory';
  readonly identity = passingIdentity();
  readonly #mostSamples: number;
  readonly #sensors = new Map<string, MemorySensor>();
  readonly #quarantine: MemoryQuarantine;
  readonly #tallies = new Map<string, TallyPart>();
  #gaps: GapRow[] = [];
  #floor: StreamFloor | undefined;
  readonly #source: SampleSource = {
    pieces: (address, startUs, endUs) => memoryPieces(this.#find(address)?.series, startUs, endUs),
    lastBefore: (address, timeUs) => this.lastBefore(address, timeUs),
  };
  #samples = 0;
  #state: 'open' | 'closed' = 'open';

  constructor(options: MemoryOptions = {}) {
    const { mostSamples, quarantineBytes } = { ...MEMORY_DEFAULTS, ...options };
    this.#mostSamples = mostSamples;
    this.#quarantine = new MemoryQuarantine(quarantineBytes);
  }

  write(batch: WriteBatch): Promise<WriteSummary> {
    return this.#answer(() => {
      const before = this.#sensors.size;
      for (const row of batch.samples) {
        const { timeUs, valueTimeUs, status, value, epoch = 0 } = row;
        if (this.#sensorFor(row).add({ timeUs, valueTimeUs, status, value }, epoch)) this.#samples++;
      }
      let changedAttributes = 0;
      for (const row of batch.attributes) {
        if (this.#sensorFor(row).announce(row.fromUs, row.attributes)) changedAttributes++;
      }
      const quarantineDropped = this.#quarantine.write(batch.quarantine);
      for (const gap of batch.gaps) {
        if (!this.#gaps.some((known) => isSameGap(known, gap))) this.#gaps.push(gap);
      }
      this.#floor = batch.floor ?? this.#floor;
      if (this.#samples > this.#mostSamples) this.#dropOldest();
      return { newSensors: this.#sensors.size - before, changedAttributes, quarantineDropped };
    });
  }

  async *history(query: HistoryQuery): AsyncIterable<HistoryBlock> {
    const { blockSamples = HISTORY_BLOCK.samples, blockBytes = HISTORY_BLOCK.bytes, endUs } = query;
    let fromUs: number | undefined = query.startUs;
    while (fromUs !== undefined) {
      const startUs: number = fromUs;
      const block = await this.#answer(() => this.#block(query, startUs, endUs, blockSamples, blockBytes));
      yield block;
      fromUs = block.nextUs;
    }
  }

  bins(query: BinsQuery): Promise<BinsPart> {
    return this.#answer(() => readBins(this.#source, query));
  }

  operate(query: OperatorQuery): Promise<OperatedPart> {
    return this.#answer(() => operate(this.#source, query));
  }

  lastBefore(address: SensorAddress, timeUs: number): Promise<StoredSample | undefined> {
    return this.#answer(() => {
      const series = this.#find(address)?.series;
      return series?.at(series.placeOf(timeUs) - 1);
    });
  }

  latest(query: LatestQuery): Promise<Page<SampleRow>> {
    return this.#answer(() => {
      const matches = subjectMatcher(query.subjects);
      return this.#page(query, (sensor, filler) => {
        if (sensor.latest === undefined || !matches(sensor.address)) return true;
        return filler.add({ ...sensor.address, ...sensor.latest }, wireBytes(sensor.latest));
      });
    });
  }

  catalogue(query: CatalogueQuery): Promise<Page<CatalogueRow>> {
    return this.#answer(() => {
      const matches = catalogueMatcher(query);
      return this.#page(query, (sensor, filler) => {
        if (!matches(sensor.address, katcpName(sensor.attributes))) return true;
        return filler.add(sensor.catalogueRow(), 150 + JSON.stringify(sensor.attributes ?? '').length);
      });
    });
  }

  sensor(address: SensorAddress): Promise<CatalogueRow | undefined> {
    return this.#answer(() => this.#find(address)?.catalogueRow());
  }

  attributesHistory(address: SensorAddress, startUs: number, endUs: number): Promise<AttributesSpan[]> {
    return this.#answer(() => this.#find(address)?.attributesBetween(startUs, endUs) ?? []);
  }

  floor(): Promise<StreamFloor | undefined> {
    return this.#answer(() => this.#floor);
  }

  startFloor(): Promise<StreamFloor | undefined> {
    return this.floor();
  }

  begin(): Promise<StreamFloor | undefined> {
    return this.floor();
  }

  releaseQuarantined(ids: readonly number[]): Promise<number> {
    return this.#answer(() => this.#quarantine.release(ids));
  }

  quarantine(query: QuarantineQuery): Promise<QuarantinePage> {
    return this.#answer(() => this.#quarantine.page(query));
  }

  gaps(): Promise<GapRow[]> {
    return this.#answer(() => [...this.#gaps]);
  }

  statistics(): Promise<BackendStatistics> {
    return this.#answer(() => ({
      sensors: this.#sensors.size,
      quarantined: this.#quarantine.count,
      quarantineBytes: this.#quarantine.bytes,
      bytes: SAMPLE_BYTES * this.#samples + this.#quarantine.bytes,
    }));
  }

  tallies(): Promise<TallyPart[]> {
    return this.#answer(() => [...this.#tallies.values()]);
  }

  writeTallies(parts: readonly TallyPart[]): Promise<void> {
    return this.#answer(() => {
      for (const part of parts) this.#tallies.set(part.name, part);
    });
  }

  days(): Promise<DayBytes[]> {
    return this.#answer(() => {
      const samples = new Map<number, number>();
      for (const { series } of this.#sensors.values()) series.countDays(samples);
      return [...samples]
        .map(([day, count]) => ({ day, bytes: SAMPLE_BYTES * count }))
        .sort((a, b) => a.day - b.day);
    });
  }

  close(): Promise<void> {
    this.#state = 'closed';
    return Promise.resolve();
  }

  #answer<Result>(work: () => Result | Promise<Result>): Promise<Result> {
    if (this.#state === 'closed') return Promise.reject(new StoreError('CLOSED', 'the back end is closed'));
    return new Promise((resolve) => {
      resolve(work());
    });
  }

  #block(
    address: SensorAddress,
    startUs: number,
    endUs: number,
    mostSamples: number,
    mostBytes: number,
  ): HistoryBlock {
    const series = this.#find(address)?.series;
    const samples: StoredSample[] = [];
    let bytes = 0;
    for (let place = series?.placeOf(startUs) ?? 0; ; place++) {
      const sample = series?.at(place);
      if (sample === undefined || sample.timeUs >= endUs) return { samples, nextUs: undefined };
      bytes += wireBytes(sample);
      const isFull = samples.length >= mostSamples || (bytes > mostBytes && samples.length > 0);
      if (isFull) return { samples, nextUs: sample.timeUs };
      samples.push(sample);
    }
  }

  /** @param take whether another row may follow */
  #page<Row extends SensorAddress>(
    { after, limit, bytes }: CatalogueQuery | LatestQuery,
    take: (sensor: MemorySensor, filler: PageFiller<Row>) => boolean,
  ): Page<Row> {
    const filler = new PageFiller<Row>(limit, bytes);
    const sensors = [...this.#sensors.values()].sort((a, b) => compareAddresses(a.address, b.address));
    for (const sensor of sensors) {
      if (after !== undefined && compareAddresses(sensor.address, after) <= 0) continue;
      if (!take(sensor, filler)) break;
    }
    return filler.page();
  }

  #find(address: SensorAddress): MemorySensor | undefined {
    return this.#sensors.get(formatAddress(address));
  }

  #sensorFor({ component, sensor }: SensorAddress): MemorySensor {
    const address = { component, sensor };
    const key = formatAddress(address);
    let known = this.#sensors.get(key);
    if (known === undefined) {
      known = new MemorySensor(address);
      this.#sensors.set(key, known);
    }
    return known;
  }

  #dropOldest(): void {
    // A tenth below the bound, so that this is rare.
    const share = Math.floor((0.9 * this.#mostSamples) / this.#sensors.size);
    this.#samples = 0;
    for (const { series } of this.#sensors.values()) {
      series.trim(share);
      this.#samples += series.length;
    }
  }
}

function isSameGap(a: GapRow, b: GapRow): boolean {
  return a.fromSequence === b.fromSequence && a.toSequence === b.toSequence && a.toUs === b.toUs;
}
