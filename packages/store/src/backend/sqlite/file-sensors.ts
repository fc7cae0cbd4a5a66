import type { DatabaseSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import { attempt } from './sqlite-file.ts';

/** A file of a day numbers its sensors for itself and holds their names: it can be copied or read without any other file. */
export const FILE_SENSORS_TABLE = `
    CREATE TABLE sensors (
      id INTEGER PRIMARY KEY,
      component TEXT NOT NULL,
      sensor TEXT NOT NULL,
      UNIQUE (component, sensor)
    ) STRICT;`;

/** A look-up of a sensor's id in an open file; undefined: it has no samples there. @throws {StoreError} as the look-up does */
export function sensorFinder(
  path: string,
  database: DatabaseSync,
): (address: SensorAddress) => number | undefined {
  const find = attempt(path, () =>
    database.prepare('SELECT id FROM sensors WHERE component = ? AND sensor = ?'),
  );
  return ({ component, sensor }) =>
    attempt(path, () => {
      const row = find.get(component, sensor);
      return row === undefined ? undefined : Number(row.id);
    });
}

/** The ids and names of all sensors of an open file, by id. @throws {StoreError} */
export function fileSensors(
  path: string,
  database: DatabaseSync,
): (SensorAddress & { readonly id: number })[] {
  return attempt(path, () =>
    database
      .prepare('SELECT id, component, sensor FROM sensors ORDER BY id')
      .all()
      .map((row) => ({ id: Number(row.id), component: String(row.component), sensor: String(row.sensor) })),
  );
}
