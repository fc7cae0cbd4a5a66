import type { AttributesRow } from '../../write-batch.ts';
import { katcpName } from '../../sensor-match.ts';
import type { LayoutAnnouncement } from '../layout.ts';
import type { AttributesTable } from './attributes-table.ts';
import { eachAtOnce } from './by-component.ts';
import type { MetSensor } from './met-sensor.ts';

/** An announcement, and whose it is. */
export interface Announcement {
  readonly sensor: MetSensor;
  readonly row: AttributesRow;
}

/** The newest of each sensor, of those that are newer than what is known of it. */
export function newestOf(announcements: readonly Announcement[]): LayoutAnnouncement[] {
  const newest = new Map<MetSensor, AttributesRow>();
  for (const { sensor, row } of announcements) {
    const knownUs = newest.get(sensor)?.fromUs ?? sensor.announced?.fromUs ?? -Infinity;
    if (row.fromUs >= knownUs) newest.set(sensor, row);
  }
  return [...newest].map(([sensor, { attributes }]) => ({ sensor, attributes }));
}

const AT_ONCE = 64;

/**
 * What components announce of their sensors. Announcing again what holds already, which they do whenever they are asked, changes nothing; the very same
 * message, when the stream is read again, is written again: a crash may have taken it away.
 */
export class Announcements {
  readonly #table: AttributesTable;
  readonly #toStore: (sensor: MetSensor) => void;
  #changed = 0;

  /** @param toStore the sensor's own row is to be written */
  constructor(table: AttributesTable, toStore: (sensor: MetSensor) => void) {
    this.#table = table;
    this.#toStore = toStore;
  }

  /** How many changed something, since the call before. */
  takeChanged(): number {
    const changed = this.#changed;
    this.#changed = 0;
    return changed;
  }

  /** In the order of the batch for each sensor. @throws {StoreError} the batch is to be written again */
  async write(announcements: readonly Announcement[]): Promise<void> {
    const bySensor = Map.groupBy(announcements, ({ sensor }) => sensor);
    await eachAtOnce(
      bySensor.values(),
      async (ofSensor) => {
        for (const announcement of ofSensor) await this.#writeOne(announcement);
      },
      AT_ONCE,
    );
  }

  /** Writes the newest of each again. @throws {StoreError} */
  async restore(sensors: readonly MetSensor[]): Promise<void> {
    await eachAtOnce(
      sensors,
      async (sensor) => {
        if (sensor.announced !== undefined) await this.#table.write(sensor, sensor.announced);
      },
      AT_ONCE,
    );
  }

  async #writeOne({ sensor, row }: Announcement): Promise<void> {
    const announced = { fromUs: row.fromUs, json: JSON.stringify(row.attributes) };
    const isNewest = sensor.announced === undefined || row.fromUs >= sensor.announced.fromUs;
    const inForce = isNewest ? sensor.announced : await this.#table.inForce(sensor, row.fromUs);
    const isSame = inForce?.json === announced.json;
    if (isSame && inForce.fromUs !== announced.fromUs) return;
    await this.#table.write(sensor, announced);
    if (isNewest) {
      sensor.announced = announced;
      sensor.katcpName = katcpName(row.attributes) ?? '';
      this.#toStore(sensor);
    }
    if (!isSame) this.#changed++;
  }
}
