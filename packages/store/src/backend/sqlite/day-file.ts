import type { DatabaseSync } from 'node:sqlite';
import { formatAddress, STATUSES, type SensorAddress } from '@katbus/protocol';
import { compareAddresses } from '../sensor-match.ts';
import { BulkInsert } from './bulk-insert.ts';
import { FILE_SENSORS_TABLE } from './file-sensors.ts';
import type { SampleColumns } from '../sample-columns.ts';
import { attempt, openForWriting, transaction, type FileKind } from './sqlite-file.ts';
import { VALUE_KIND } from '../value-column.ts';
import { WriteLog } from './write-log.ts';

const STATUS_NAMES = STATUSES.map((status, rank) => `WHEN ${rank} THEN '${status}'`).join(' ');

/**
 * The samples of one UTC day, of all sensors.
 *
 * The key begins with the time, so that what arrives is appended: with the sensor first, each row would land on another page, and
 * writing would be ten times slower. The file numbers its sensors for itself and holds their names: it can be copied, put back or read
 * without any other file.
 */
export const DAY_FILE: FileKind = {
  name: 'day file',
  applicationId: 0x4b427364,
  version: 1,
  schema: `${FILE_SENSORS_TABLE}
    CREATE TABLE samples (
      t INTEGER NOT NULL,
      sensor INTEGER NOT NULL,
      value_t INTEGER NOT NULL,
      status INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      value REAL,
      text TEXT,
      PRIMARY KEY (t, sensor)
    ) STRICT, WITHOUT ROWID;
    CREATE VIEW readable AS SELECT
      strftime('%Y-%m-%dT%H:%M:%S', samples.t / 1000000, 'unixepoch') || printf('.%06dZ', samples.t % 1000000) AS time,
      sensors.component,
      sensors.sensor,
      CASE samples.status ${STATUS_NAMES} END AS status,
      CASE samples.kind
        WHEN ${VALUE_KIND.number} THEN samples.value
        WHEN ${VALUE_KIND.nan} THEN 'NaN'
        WHEN ${VALUE_KIND.boolean} THEN iif(samples.value, 'true', 'false')
        ELSE samples.text END AS value,
      strftime('%Y-%m-%dT%H:%M:%S', value_t / 1000000, 'unixepoch') || printf('.%06dZ', value_t % 1000000) AS value_time,
      samples.t
      FROM samples JOIN sensors ON sensors.id = samples.sensor;
  `,
};

/** What a sample without text takes in the write-ahead log, about. */
const ROW_BYTES = 60;

/** A day file open for writing. After a write that threw, close it: what it knows may not be what the file holds. */
export class DayFile {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #log: WriteLog;
  readonly #samples: BulkInsert;
  readonly #newSensors: BulkInsert;
  /** The file's own ids, by address. */
  readonly #ids = new Map<string, number>();
  /** The same, by the number that the sensor has in this process; 0: not looked up yet. */
  #idByNumber = new Int32Array(1024);

  constructor(path: string, foldAtBytes: number) {
    this.path = path;
    this.#database = openForWriting(path, DAY_FILE);
    this.#log = new WriteLog(this.#database, foldAtBytes);
    this.#samples = new BulkInsert(this.#database, 'INSERT OR REPLACE INTO samples', 7);
    this.#newSensors = new BulkInsert(this.#database, 'INSERT INTO sensors', 3);
    for (const row of this.#database.prepare('SELECT id, component, sensor FROM sensors').iterate()) {
      this.#ids.set(`${String(row.component)}.${String(row.sensor)}`, Number(row.id));
    }
  }

  /**
   * One transaction.
   * @param rows which of the columns' rows belong to this day
   * @param addresses by the sensors' numbers in this process
   * @throws {StoreError}
   */
  write(columns: SampleColumns, rows: Int32Array, addresses: readonly SensorAddress[]): void {
    const { sensors, times, valueTimes, statuses, kinds, values, texts } = columns;
    transaction(this.#database, this.path, () => {
      this.#meet(sensors, rows, addresses);
      this.#samples.run(rows.length, (place, into, at) => {
        const row = rows[place]!;
        into[at] = times[row]!;
        into[at + 1] = this.#idByNumber[sensors[row]!]!;
        into[at + 2] = valueTimes[row]!;
        into[at + 3] = statuses[row]!;
        into[at + 4] = kinds[row]!;
        into[at + 5] = values[row]!;
        const text = texts.size === 0 ? undefined : texts.get(row);
        into[at + 6] = text ?? null;
        this.#log.wrote(ROW_BYTES + (text?.length ?? 0));
      });
    });
  }

  foldLogWhenLong(): void {
    attempt(this.path, () => {
      this.#log.foldWhenLong();
    });
  }

  close(): void {
    this.#database.close();
  }

  /** Sensors that the file does not know yet, all at once and in order: one by one, each would land on another page of the index. */
  #meet(sensors: Int32Array, rows: Int32Array, addresses: readonly SensorAddress[]): void {
    const added: SensorAddress[] = [];
    for (const row of rows) {
      const number = sensors[row]!;
      if (number >= this.#idByNumber.length) this.#makeRoom(number + 1);
      if (this.#idByNumber[number] !== 0) continue;
      const address = addresses[number]!;
      const key = formatAddress(address);
      let id = this.#ids.get(key);
      if (id === undefined) {
        id = this.#ids.size + 1;
        this.#ids.set(key, id);
        added.push(address);
      }
      this.#idByNumber[number] = id;
    }
    added.sort(compareAddresses);
    this.#newSensors.run(added.length, (place, into, at) => {
      const { component, sensor } = added[place]!;
      into[at] = this.#ids.get(formatAddress(added[place]!))!;
      into[at + 1] = component;
      into[at + 2] = sensor;
    });
  }

  #makeRoom(least: number): void {
    const longer = new Int32Array(Math.max(least, 2 * this.#idByNumber.length));
    longer.set(this.#idByNumber);
    this.#idByNumber = longer;
  }
}
