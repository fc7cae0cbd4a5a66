import { rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { STATUSES, type SensorAddress } from '@katbus/protocol';
import type { ColumnBlock } from '../column-block.ts';
import { encodeChunk } from '../../chunk/chunk-encoder.ts';
import { summaryOf, summaryValues } from '../../chunk/chunk-summary.ts';
import { FILE_SENSORS_TABLE } from './file-sensors.ts';
import { attempt, type FileKind } from './sqlite-file.ts';

const STATUS_NAMES = STATUSES.map((status, rank) => `WHEN ${rank} THEN '${status}'`).join(' ');

/**
 * The samples of one UTC day that is over, in chunks (STORAGE.md, "The chunk format").
 *
 * Written once and never changed. What a chunk sums up stands apart from its bytes, so that reading the one does not pass over the other.
 */
export const CHUNK_FILE: FileKind = {
  name: 'chunk file',
  applicationId: 0x4b427363,
  version: 1,
  schema: `${FILE_SENSORS_TABLE}
    CREATE TABLE chunks (
      sensor INTEGER NOT NULL,
      first_t INTEGER NOT NULL,
      last_t INTEGER NOT NULL,
      count INTEGER NOT NULL,
      numbers INTEGER NOT NULL,
      nans INTEGER NOT NULL,
      min REAL,
      max REAL,
      sum REAL,
      first_value REAL,
      last_value REAL,
      worst INTEGER NOT NULL,
      data INTEGER NOT NULL,
      PRIMARY KEY (sensor, first_t)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE data (
      id INTEGER PRIMARY KEY,
      bytes BLOB NOT NULL
    ) STRICT;
    CREATE VIEW readable AS SELECT
      strftime('%Y-%m-%dT%H:%M:%S', first_t / 1000000, 'unixepoch') || printf('.%06dZ', first_t % 1000000) AS first_time,
      strftime('%Y-%m-%dT%H:%M:%S', last_t / 1000000, 'unixepoch') || printf('.%06dZ', last_t % 1000000) AS last_time,
      sensors.component,
      sensors.sensor,
      count, nans, min, max, sum / numbers AS mean, first_value, last_value,
      CASE worst ${STATUS_NAMES} END AS worst_status,
      first_t
      FROM chunks JOIN sensors ON sensors.id = chunks.sensor;
  `,
};

/**
 * A chunk file while it is made, under a name that nobody reads. Nothing of it is safe before it is finished: whoever makes it checks it,
 * syncs it and gives it its name.
 */
export class ChunkFileDraft {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #insertChunk: StatementSync;
  readonly #insertData: StatementSync;
  #chunks = 0;

  /** @throws {StoreError} */
  constructor(path: string, sensors: readonly SensorAddress[]) {
    this.path = path;
    rmSync(path, { force: true });
    this.#database = attempt(path, () => new DatabaseSync(path));
    this.#attempt(() => {
      this.#database.exec(`
        PRAGMA journal_mode = OFF;
        PRAGMA synchronous = OFF;
        PRAGMA locking_mode = EXCLUSIVE;
        BEGIN;
        ${CHUNK_FILE.schema}
        PRAGMA application_id = ${CHUNK_FILE.applicationId};
        PRAGMA user_version = ${CHUNK_FILE.version};
      `);
      const insertSensor = this.#database.prepare('INSERT INTO sensors VALUES (?, ?, ?)');
      for (const [place, { component, sensor }] of sensors.entries()) {
        insertSensor.run(place + 1, component, sensor);
      }
    });
    this.#insertChunk = this.#database.prepare(
      'INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#insertData = this.#database.prepare('INSERT INTO data VALUES (?, ?)');
  }

  /** How many chunks were added. */
  get chunks(): number {
    return this.#chunks;
  }

  /**
   * By sensor and time: then the file is written from its beginning to its end.
   * @param place of the sensor in `sensors`
   */
  add(place: number, block: ColumnBlock): void {
    const values = summaryValues(summaryOf(block));
    const data = ++this.#chunks;
    this.#attempt(() => {
      this.#insertData.run(data, encodeChunk(block));
      // NaN is bound as NULL.
      this.#insertChunk.run(place + 1, ...values, data);
    });
  }

  finish(): void {
    this.#attempt(() => {
      this.#database.exec('COMMIT');
      this.#database.close();
    });
  }

  /** Leaves nothing behind. */
  discard(): void {
    if (this.#database.isOpen) this.#database.close();
    rmSync(this.path, { force: true });
  }

  #attempt(action: () => void): void {
    attempt(this.path, action);
  }
}
