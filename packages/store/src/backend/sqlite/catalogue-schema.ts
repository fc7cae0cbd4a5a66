import type { DatabaseSync } from 'node:sqlite';
import type { FileKind } from './sqlite-file.ts';

/** Only of sensors whose component has told of a clock epoch: few. Beside the schema, so that catalogues of before get it too. */
export const LATEST_EPOCHS = `
  CREATE TABLE IF NOT EXISTS latest_epochs (
    sensor INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL
  ) STRICT;
`;

/** What reports are made of; beside the schema, for the same reason. */
export const TALLIES = `
  CREATE TABLE IF NOT EXISTS tallies (
    name TEXT PRIMARY KEY,
    data BLOB NOT NULL
  ) STRICT;
`;

/** What the archive knows beside samples: sensors, their latest samples and attributes, and how far the stream is stored. */
export const CATALOGUE_FILE: FileKind = {
  name: 'catalogue',
  applicationId: 0x4b42636c,
  version: 1,
  schema: `
    CREATE TABLE sensors (
      id INTEGER PRIMARY KEY,
      component TEXT NOT NULL,
      sensor TEXT NOT NULL,
      katcp_name TEXT,
      first_t INTEGER,
      UNIQUE (component, sensor)
    ) STRICT;
    CREATE TABLE latest (
      sensor INTEGER PRIMARY KEY,
      t INTEGER NOT NULL,
      value_t INTEGER NOT NULL,
      status INTEGER NOT NULL,
      kind INTEGER NOT NULL,
      value REAL,
      text TEXT
    ) STRICT;
    CREATE TABLE attributes (
      sensor INTEGER NOT NULL,
      from_t INTEGER NOT NULL,
      json TEXT NOT NULL,
      PRIMARY KEY (sensor, from_t)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quarantine (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      sequence INTEGER NOT NULL,
      received_t INTEGER NOT NULL,
      subject TEXT NOT NULL,
      reason TEXT NOT NULL,
      text TEXT NOT NULL,
      field TEXT NOT NULL,
      payload BLOB NOT NULL,
      UNIQUE (sequence, received_t)
    ) STRICT;
    CREATE TABLE gaps (
      id INTEGER PRIMARY KEY,
      from_sequence INTEGER NOT NULL,
      to_sequence INTEGER NOT NULL,
      from_t INTEGER NOT NULL,
      to_t INTEGER NOT NULL,
      reason TEXT NOT NULL,
      messages INTEGER,
      UNIQUE (from_sequence, to_sequence, to_t)
    ) STRICT;
    CREATE TABLE floor (
      one INTEGER PRIMARY KEY CHECK (one = 1),
      sequence INTEGER NOT NULL,
      stream_created TEXT NOT NULL,
      message_t INTEGER NOT NULL
    ) STRICT;
  `,
};

/** Catalogues of before lack a column of `gaps`. */
export function addGapMessages(database: DatabaseSync): void {
  const columns = database.prepare("SELECT name FROM pragma_table_info('gaps')").all();
  if (columns.some(({ name }) => name === 'messages')) return;
  database.exec('ALTER TABLE gaps ADD COLUMN messages INTEGER');
}
