import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { CHUNK_FILE } from './chunk-file.ts';
import { DataDirectory } from './data-directory.ts';
import { DAY_FILE } from './day-file.ts';
import { dateOf } from './day.ts';
import { attempt, openForReading } from './sqlite-file.ts';

/** A day of the archive, for people. */
export interface ListedDay {
  /** `2026-11-22` */
  readonly date: string;
  /** In rows, in chunks, or in chunks with rows that came late. */
  readonly form: 'rows' | 'chunks' | 'chunks and rows';
  /** In chunks; rows are counted only on demand, because that reads them all. A late row may take the place of one in a chunk. */
  readonly samples: number | undefined;
  readonly sensors: number;
  readonly bytes: number;
}

/**
 * The days of an archive, in order; another process may be writing it.
 * @throws {StoreError}
 */
export function listDays(path: string, countRows: boolean): ListedDay[] {
  const directory = new DataDirectory(path);
  return directory.days().map(({ day, rows, chunks }) => {
    const newest = chunks.at(-1);
    const rowPaths = rows.map((generation) => directory.rowsFile(day, generation));
    const chunkPaths = chunks.map((generation) => directory.chunksFile(day, generation));
    const names = new Set<string>();
    let samples: number | undefined = 0;
    for (const rowPath of rowPaths) {
      const database = openForReading(rowPath, DAY_FILE);
      look(rowPath, database, names);
      if (countRows && samples !== undefined)
        samples += numberOf(rowPath, database, 'SELECT count(*) AS n FROM samples');
      else samples = undefined;
      database.close();
    }
    if (newest !== undefined) {
      const chunkPath = directory.chunksFile(day, newest);
      const database = openForReading(chunkPath, CHUNK_FILE);
      look(chunkPath, database, names);
      if (samples !== undefined)
        samples += numberOf(chunkPath, database, 'SELECT total(count) AS n FROM chunks');
      database.close();
    }
    const form = newest === undefined ? 'rows' : rows.length === 0 ? 'chunks' : 'chunks and rows';
    const bytes = [...rowPaths, ...chunkPaths].flatMap((file) => [file, `${file}-wal`]).map(sizeOf);
    return {
      date: dateOf(day),
      form,
      samples,
      sensors: names.size,
      bytes: bytes.reduce((sum, size) => sum + size, 0),
    };
  });
}

function look(path: string, database: DatabaseSync, names: Set<string>): void {
  attempt(path, () => {
    for (const row of database.prepare('SELECT component, sensor FROM sensors').iterate()) {
      names.add(`${String(row.component)}.${String(row.sensor)}`);
    }
  });
}

function numberOf(path: string, database: DatabaseSync, sql: string): number {
  return attempt(path, () => Number(database.prepare(sql).get()?.n));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
