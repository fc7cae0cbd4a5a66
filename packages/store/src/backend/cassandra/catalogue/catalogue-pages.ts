import { LoopTurns } from '@katbus/bus/daemon';
import type { SensorAddress } from '@katbus/protocol';
import type { CatalogueQuery, CatalogueRow, LatestQuery, Page } from '../../backend.ts';
import { PageFiller } from '../../page-filler.ts';
import { catalogueMatcher, subjectMatcher } from '../../sensor-match.ts';
import { wireBytes, type SampleRow } from '../../stored-sample.ts';
import type { LatestColumns } from './latest-columns.ts';
import type { MetSensor } from './met-sensor.ts';
import type { SortedSensors } from './sorted-sensors.ts';

/** What a catalogue row takes as JSON beside its attributes, about. */
const ROW_BYTES = 150;
/** The archiver works in the same thread. */
const TURN_MS = 10;
/** Sensors looked at between two looks at the clock. */
const AT_ONCE = 100;

/** Lists of the catalogue, page by page; a long search lets others have their turn. */
export class CataloguePages {
  readonly #sensors: SortedSensors;
  readonly #latest: LatestColumns;
  readonly #keptFromUs: () => number;

  /** @param keptFromUs samples before it are kept no longer */
  constructor(sensors: SortedSensors, latest: LatestColumns, keptFromUs: () => number) {
    this.#sensors = sensors;
    this.#latest = latest;
    this.#keptFromUs = keptFromUs;
  }

  catalogue(query: CatalogueQuery): Promise<Page<CatalogueRow>> {
    const matches = catalogueMatcher(query);
    return this.#page(query, query.component, (sensor, filler) => {
      if (!matches(sensor, sensor.katcpName === '' ? undefined : sensor.katcpName)) return true;
      return filler.add(this.rowOf(sensor), ROW_BYTES + (sensor.announced?.json.length ?? 0));
    });
  }

  latest(query: LatestQuery): Promise<Page<SampleRow>> {
    const matches = subjectMatcher(query.subjects);
    return this.#page(query, undefined, (sensor, filler) => {
      const sample = matches(sensor) ? this.#latest.sampleOf(sensor.number) : undefined;
      if (sample === undefined) return true;
      return filler.add({ component: sensor.component, sensor: sensor.sensor, ...sample }, wireBytes(sample));
    });
  }

  rowOf(sensor: MetSensor): CatalogueRow {
    const { number, announced } = sensor;
    const latestUs = this.#latest.timesUs[number]!;
    const firstUs = this.#latest.firstUs[number]!;
    // Of samples that are kept no longer the latest may be all that is left.
    const keptUs = Math.max(firstUs, Math.min(this.#keptFromUs(), latestUs));
    return {
      component: sensor.component,
      sensor: sensor.sensor,
      attributes: announced && (JSON.parse(announced.json) as CatalogueRow['attributes']),
      firstUs: latestUs === -Infinity ? undefined : keptUs,
      lastUs: latestUs === -Infinity ? undefined : latestUs,
      attributesFromUs: announced?.fromUs,
      latestEpoch: this.#latest.epochs[number]!,
    };
  }

  /** @param take whether another row may follow */
  async #page<Row extends SensorAddress>(
    { after, limit, bytes }: CatalogueQuery | LatestQuery,
    component: string | undefined,
    take: (sensor: MetSensor, filler: PageFiller<Row>) => boolean,
  ): Promise<Page<Row>> {
    const filler = new PageFiller<Row>(limit, bytes);
    const turns = new LoopTurns({ mostMs: TURN_MS });
    let looked = 0;
    for (const sensor of this.#sensors.after(after, component)) {
      if (!take(sensor, filler)) break;
      if (++looked % AT_ONCE === 0 && turns.isOver) await turns.next();
    }
    return filler.page();
  }
}
