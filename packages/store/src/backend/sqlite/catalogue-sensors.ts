import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import { supersedes } from '../stored-sample.ts';
import { BulkInsert } from './bulk-insert.ts';
import { LATEST_EPOCHS } from './catalogue-schema.ts';
import type { SampleColumns } from './sample-columns.ts';

interface KnownSensor {
  readonly id: number;
  /** Times of the oldest and of the latest sample; Infinity and -Infinity: there is none. */
  firstUs: number;
  latestUs: number;
  /** The number of the clock epoch of the latest sample. */
  latestEpoch: number;
}

const LATEST_ROWS_A_PAGE = 60;

/**
 * The tables `sensors` and `latest` while they are written. What decides whether a row changes is kept in memory, so that the usual batch
 * only writes the latest samples.
 */
export class CatalogueSensors {
  readonly #known = new Map<string, KnownSensor>();
  readonly #byNumber: (KnownSensor | undefined)[] = [];
  readonly #insertSensor: StatementSync;
  readonly #updateFirst: StatementSync;
  readonly #forgetFirst: StatementSync;
  readonly #insertLatest: BulkInsert;
  readonly #setEpoch: StatementSync;
  #nextId = 1;
  #keptFromUs = -Infinity;
  #added = 0;

  constructor(database: DatabaseSync) {
    database.exec(LATEST_EPOCHS);
    this.#setEpoch = database.prepare('INSERT OR REPLACE INTO latest_epochs (sensor, epoch) VALUES (?, ?)');
    this.#insertSensor = database.prepare('INSERT INTO sensors (id, component, sensor) VALUES (?, ?, ?)');
    this.#updateFirst = database.prepare('UPDATE sensors SET first_t = ? WHERE id = ?');
    this.#forgetFirst = database.prepare(`
      UPDATE sensors SET first_t = min(?1, coalesce((SELECT t FROM latest WHERE latest.sensor = sensors.id), ?1))
      WHERE first_t < ?1`);
    this.#insertLatest = new BulkInsert(database, 'INSERT OR REPLACE INTO latest', 7);
    const rows = database.prepare(`
      SELECT id, component, sensors.sensor AS sensor, first_t, latest.t AS latest_t, epoch
      FROM sensors LEFT JOIN latest ON latest.sensor = sensors.id
        LEFT JOIN latest_epochs ON latest_epochs.sensor = sensors.id`);
    for (const row of rows.iterate()) {
      const id = Number(row.id);
      this.#known.set(`${String(row.component)}.${String(row.sensor)}`, {
        id,
        firstUs: row.first_t === null ? Infinity : Number(row.first_t),
        latestUs: row.latest_t === null ? -Infinity : Number(row.latest_t),
        latestEpoch: Number(row.epoch ?? 0),
      });
      this.#nextId = Math.max(this.#nextId, id + 1);
    }
  }

  get count(): number {
    return this.#known.size;
  }

  /** How many sensors were new since the call before. */
  takeAdded(): number {
    const added = this.#added;
    this.#added = 0;
    return added;
  }

  idOf(number: number, addresses: readonly SensorAddress[]): number {
    return this.#sensor(number, addresses).id;
  }

  /**
   * Within the transaction of a batch.
   * @returns how many pages were touched, about
   */
  write(columns: SampleColumns, addresses: readonly SensorAddress[]): number {
    const { count, sensors, times, valueTimes, statuses, kinds, values, texts, epochs } = columns;
    const latestRows = new Map<number, number>();
    const earlier = new Set<KnownSensor>();
    for (let row = 0; row < count; row++) {
      const known = this.#sensor(sensors[row]!, addresses);
      const timeUs = times[row]!;
      if (timeUs < known.firstUs && timeUs >= this.#keptFromUs) {
        known.firstUs = timeUs;
        earlier.add(known);
      }
      const epoch = epochs.size === 0 ? 0 : (epochs.get(row) ?? 0);
      if (!supersedes(timeUs, epoch, known.latestUs, known.latestEpoch)) continue;
      known.latestUs = timeUs;
      latestRows.set(known.id, row);
      if (epoch === known.latestEpoch) continue;
      known.latestEpoch = epoch;
      this.#setEpoch.run(known.id, epoch);
    }
    for (const { firstUs, id } of earlier) this.#updateFirst.run(firstUs, id);
    // In the table's own order: neighbours are written while their page is at hand.
    const ids = Int32Array.from(latestRows.keys()).sort();
    this.#insertLatest.run(ids.length, (place, into, at) => {
      const id = ids[place]!;
      const row = latestRows.get(id)!;
      into[at] = id;
      into[at + 1] = times[row]!;
      into[at + 2] = valueTimes[row]!;
      into[at + 3] = statuses[row]!;
      into[at + 4] = kinds[row]!;
      into[at + 5] = values[row]!;
      into[at + 6] = texts.get(row) ?? null;
    });
    return Math.min(ids.length, Math.ceil(this.#known.size / LATEST_ROWS_A_PAGE));
  }

  /**
   * Within a transaction: samples before a time are kept no longer. From then on that time stands for the first sample of a sensor that had
   * earlier ones, or its latest one, when that is earlier still: it is all that is left.
   */
  forgetBefore(timeUs: number): void {
    this.#keptFromUs = timeUs;
    this.#forgetFirst.run(timeUs);
    for (const known of this.#known.values()) {
      if (known.firstUs < timeUs) known.firstUs = Math.min(timeUs, known.latestUs);
    }
  }

  #sensor(number: number, addresses: readonly SensorAddress[]): KnownSensor {
    const known = this.#byNumber[number];
    if (known !== undefined) return known;
    const { component, sensor } = addresses[number]!;
    const address = `${component}.${sensor}`;
    let found = this.#known.get(address);
    if (found === undefined) {
      found = { id: this.#nextId++, firstUs: Infinity, latestUs: -Infinity, latestEpoch: 0 };
      this.#insertSensor.run(found.id, component, sensor);
      this.#known.set(address, found);
      this.#added++;
    }
    // Filled without holes: an array with holes may become a hash table.
    while (this.#byNumber.length < number) this.#byNumber.push(undefined);
    this.#byNumber[number] = found;
    return found;
  }
}
