import { DatabaseSync } from 'node:sqlite';

export interface BareLoopResult {
  readonly rowsASecond: number;
  /** Processor time, of this process. */
  readonly cpuUs: number;
}

const ROWS_A_COMMIT = 10_000;

/**
 * What SQLite does alone: the same rows, numbers already, row by row into the table of a day file, committed with full sync as often as the
 * archiver commits a full batch.
 */
export function bareLoop(path: string, rows: number, sensors: number): BareLoopResult {
  const database = new DatabaseSync(path);
  try {
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA cache_size = -65536;
      CREATE TABLE samples (
        t INTEGER NOT NULL, sensor INTEGER NOT NULL, value_t INTEGER NOT NULL, status INTEGER NOT NULL,
        kind INTEGER NOT NULL, value REAL, text TEXT, PRIMARY KEY (t, sensor)
      ) STRICT, WITHOUT ROWID;
    `);
    const insert = database.prepare('INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?, ?)');
    const startUs = Date.now() * 1000 - rows;
    const usage = process.cpuUsage();
    const startMs = performance.now();
    for (let row = 0; row < rows; row++) {
      if (row % ROWS_A_COMMIT === 0) database.exec('BEGIN');
      const timeUs = startUs + row;
      insert.run(
        timeUs,
        (row * 7_919) % sensors,
        timeUs - 1_500,
        0,
        0,
        Math.round(1e6 * Math.sin(row)) / 1e3,
        null,
      );
      if ((row + 1) % ROWS_A_COMMIT === 0 || row + 1 === rows) database.exec('COMMIT');
    }
    const { user, system } = process.cpuUsage(usage);
    return { rowsASecond: (rows / (performance.now() - startMs)) * 1000, cpuUs: (user + system) / rows };
  } finally {
    database.close();
  }
}
