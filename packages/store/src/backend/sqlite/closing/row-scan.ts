import type { SQLOutputValue } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import { DAY_FILE } from '../day-file.ts';
import { fileSensors } from '../file-sensors.ts';
import { SAMPLE_COLUMNS } from '../sample-row.ts';
import { attempt, openForReading } from '../sqlite-file.ts';

/** Some 20 ms of reading. No transaction outlasts it, so that the log of a file that is read is never kept from being folded. */
const ROWS_AT_ONCE = 20_000;

/** A row: the columns of a sample, then the sensor's id in its file. */
export type ScannedRow = readonly SQLOutputValue[];
export const SENSOR_COLUMN = 6;

/** All rows of a day file that is not written any more, in order of time. */
export class RowScan {
  readonly #path: string;
  readonly #database;

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#path = path;
    this.#database = openForReading(path, DAY_FILE);
  }

  sensors(): (SensorAddress & { readonly id: number })[] {
    return fileSensors(this.#path, this.#database);
  }

  *slices(): Generator<readonly ScannedRow[], void, void> {
    const statement = this.#database.prepare(
      `SELECT ${SAMPLE_COLUMNS}, sensor FROM samples WHERE (t, sensor) > (?, ?) ORDER BY t, sensor LIMIT ${ROWS_AT_ONCE}`,
    );
    statement.setReturnArrays(true);
    let last: [SQLOutputValue, SQLOutputValue] = [-Number.MAX_SAFE_INTEGER, -1];
    for (;;) {
      const rows = attempt(
        this.#path,
        () => statement.all(...(last as [number, number])) as unknown as ScannedRow[],
      );
      const final = rows.at(-1);
      if (final === undefined) return;
      yield rows;
      last = [final[0]!, final[SENSOR_COLUMN]!];
    }
  }

  close(): void {
    this.#database.close();
  }
}
