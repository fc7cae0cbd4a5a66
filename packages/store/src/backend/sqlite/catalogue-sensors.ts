import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import { compareAddresses } from '../sensor-match.ts';
import { supersedes } from '../stored-sample.ts';
import { BulkInsert } from './bulk-insert.ts';
import { LATEST_EPOCHS } from './catalogue-schema.ts';
import type { SampleColumns } from '../sample-columns.ts';
import { SensorTable, type KnownSensor } from './sensor-table.ts';

const LATEST_ROWS_A_PAGE = 60;

/**
 * The tables `sensors` and `latest` while they are written.
 *
 * What a batch changes in them is kept in memory and written every one to ten seconds ({@link write}): with hundreds of thousands of sensors a
 * batch touches every page of `latest`, which would cost more than its samples. Until it is written the floor stays where it is
 * (catalogue-file.ts), so that a crash loses nothing: the stream is read again from there.
 */
export class CatalogueSensors {
  /** As the file has them. */
  readonly #known = new Map<string, KnownSensor>();
  readonly #table = new SensorTable();
  readonly #insertSensors: BulkInsert;
  readonly #updateFirst: StatementSync;
  readonly #forgetFirst: StatementSync;
  readonly #setEpoch: StatementSync;
  readonly #insertLatest: BulkInsert;
  #nextId = 1;
  #keptFromUs = -Infinity;
  #added = 0;

  constructor(database: DatabaseSync) {
    database.exec(LATEST_EPOCHS);
    this.#setEpoch = database.prepare('INSERT OR REPLACE INTO latest_epochs (sensor, epoch) VALUES (?, ?)');
    this.#forgetFirst = database.prepare(`
      UPDATE sensors SET first_t = min(?1, coalesce((SELECT t FROM latest WHERE latest.sensor = sensors.id), ?1))
      WHERE first_t < ?1`);
    this.#insertSensors = new BulkInsert(database, 'INSERT INTO sensors (id, component, sensor)', 3);
    this.#updateFirst = database.prepare('UPDATE sensors SET first_t = ? WHERE id = ?');
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

  /** How many latest samples are not in the file. */
  get changed(): number {
    return this.#table.changed.length;
  }

  /** How many sensors were new since the call before. */
  takeAdded(): number {
    const added = this.#added;
    this.#added = 0;
    return added;
  }

  idOf(number: number, addresses: readonly SensorAddress[]): number {
    this.#meet(number, addresses);
    return this.#table.ids[number]!;
  }

  /** Notes what a batch changes; doing it twice changes nothing. */
  take(columns: SampleColumns, addresses: readonly SensorAddress[]): void {
    const table = this.#table;
    const { count, sensors, times, epochs } = columns;
    for (let row = 0; row < count; row++) {
      const number = sensors[row]!;
      const timeUs = times[row]!;
      if (!table.has(number)) this.#meet(number, addresses);
      if (timeUs < table.firstUs[number]! && timeUs >= this.#keptFromUs) table.setFirst(number, timeUs);
      const epoch = epochs.size === 0 ? 0 : (epochs.get(row) ?? 0);
      if (supersedes(timeUs, epoch, table.latestUs[number]!, table.latestEpochs[number]!)) {
        table.setLatest(number, columns, row, epoch);
      }
    }
  }

  /** What another one noted and did not write: the catalogue was opened anew. */
  inherit(other: CatalogueSensors, addresses: readonly SensorAddress[]): void {
    const theirs = other.#table;
    const ours = this.#table;
    this.#keptFromUs = other.#keptFromUs;
    for (const number of theirs.added) this.#meet(number, addresses);
    for (const number of theirs.firstChanged) {
      this.#meet(number, addresses);
      const firstUs = theirs.firstUs[number]!;
      if (firstUs < ours.firstUs[number]!) ours.setFirst(number, firstUs);
    }
    for (const number of theirs.changed) {
      this.#meet(number, addresses);
      const epoch = theirs.latestEpochs[number]!;
      if (supersedes(theirs.latestUs[number]!, epoch, ours.latestUs[number]!, ours.latestEpochs[number]!)) {
        ours.setLatest(number, theirs.columnsOf(number), 0, epoch);
      }
    }
  }

  /** Within a transaction: sensors that are new, before anything refers to them. */
  writeAdded(addresses: readonly SensorAddress[]): void {
    const { ids, added } = this.#table;
    // In the order of the index over their names.
    const numbers = [...added].sort((a, b) => compareAddresses(addresses[a]!, addresses[b]!));
    this.#insertSensors.run(numbers.length, (place, into, at) => {
      const number = numbers[place]!;
      const { component, sensor } = addresses[number]!;
      into[at] = ids[number]!;
      into[at + 1] = component;
      into[at + 2] = sensor;
    });
  }

  /**
   * Within a transaction, after {@link writeAdded}: all that was noted.
   * @returns how many pages were touched, about
   */
  write(): number {
    const {
      ids,
      firstUs,
      firstChanged,
      epochChanged,
      latestEpochs,
      changed,
      latestUs,
      valueTimes,
      statuses,
      kinds,
      values,
      texts,
    } = this.#table;
    for (const number of epochChanged) this.#setEpoch.run(ids[number]!, latestEpochs[number]!);
    for (const number of firstChanged) this.#updateFirst.run(firstUs[number]!, ids[number]!);
    // In the table's own order: neighbours are written while their page is at hand.
    const numbers = Int32Array.from(changed).sort((a, b) => ids[a]! - ids[b]!);
    this.#insertLatest.run(numbers.length, (place, into, at) => {
      const number = numbers[place]!;
      into[at] = ids[number]!;
      into[at + 1] = latestUs[number]!;
      into[at + 2] = valueTimes[number]!;
      into[at + 3] = statuses[number]!;
      into[at + 4] = kinds[number]!;
      into[at + 5] = values[number]!;
      into[at + 6] = texts.get(number) ?? null;
    });
    return Math.min(numbers.length, Math.ceil(this.#known.size / LATEST_ROWS_A_PAGE));
  }

  /**
   * Within a transaction, when all that was noted is written: samples before a time are kept no longer. From then on that time stands for the
   * first sample of a sensor that had earlier ones, or its latest one, when that is earlier still: it is all that is left.
   */
  forgetBefore(timeUs: number): void {
    this.#keptFromUs = timeUs;
    this.#forgetFirst.run(timeUs);
    const { ids, firstUs, latestUs } = this.#table;
    for (let number = 0; number < ids.length; number++) {
      if (firstUs[number]! < timeUs && ids[number] !== 0)
        firstUs[number] = Math.min(timeUs, latestUs[number]!);
    }
  }

  /** The transaction with {@link writeAdded} is durable. */
  addedAreWritten(): void {
    this.#table.added.clear();
  }

  /** The transaction with {@link write} is durable. */
  allIsWritten(): void {
    this.#table.forgetChanges();
  }

  #meet(number: number, addresses: readonly SensorAddress[]): void {
    const table = this.#table;
    if (table.has(number)) return;
    const { component, sensor } = addresses[number]!;
    const address = `${component}.${sensor}`;
    let found = this.#known.get(address);
    const isNew = found === undefined;
    if (found === undefined) {
      found = { id: this.#nextId++, firstUs: Infinity, latestUs: -Infinity, latestEpoch: 0 };
      this.#known.set(address, found);
      this.#added++;
    }
    const firstUs =
      found.firstUs < this.#keptFromUs ? Math.min(this.#keptFromUs, found.latestUs) : found.firstUs;
    table.add(number, { ...found, firstUs }, isNew);
  }
}
