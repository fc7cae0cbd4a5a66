import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import type { DayBytes } from '../backend.ts';
import { dayFileName, parseDayFileName } from './day.ts';
import { attempt } from './sqlite-file.ts';

/** The generations of the files of one day, in order. Of chunks the last one counts; those before it are on their way out. */
export interface DayFiles {
  readonly day: number;
  readonly rows: readonly number[];
  readonly chunks: readonly number[];
}

const ascending = (a: number, b: number) => a - b;

/** Where the files of one archive are. */
export class DataDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Makes the folders that are missing. @throws {StoreError} */
  prepare(): void {
    attempt(this.path, () => {
      // One by one: of the read-only file system that stops it, Node's recursive mkdir says that a folder does not exist.
      mkdirSync(dirname(resolve(this.path)), { recursive: true });
      for (const folder of [this.path, this.daysFolder]) {
        if (!existsSync(folder)) mkdirSync(folder);
      }
    });
  }

  get catalogueFile(): string {
    return join(this.path, 'catalogue.db');
  }

  rowsFile(day: number, generation: number): string {
    return join(this.daysFolder, dayFileName({ day, form: 'rows', generation }));
  }

  chunksFile(day: number, generation: number): string {
    return join(this.daysFolder, dayFileName({ day, form: 'chunks', generation }));
  }

  /** The days of which there are files, in order. @throws {StoreError} */
  days(): DayFiles[] {
    const names = attempt(this.daysFolder, () => readdirSync(this.daysFolder));
    const days = new Map<number, { rows: number[]; chunks: number[] }>();
    for (const name of names) {
      const file = parseDayFileName(name);
      if (file === undefined) continue;
      const files = days.get(file.day) ?? { rows: [], chunks: [] };
      files[file.form].push(file.generation);
      days.set(file.day, files);
    }
    return [...days]
      .map(([day, { rows, chunks }]) => ({ day, rows: rows.sort(ascending), chunks: chunks.sort(ascending) }))
      .sort((a, b) => a.day - b.day);
  }

  /** The files of one day. @throws {StoreError} */
  filesOf(day: number): DayFiles {
    return this.days().find((files) => files.day === day) ?? { day, rows: [], chunks: [] };
  }

  /** What the files of each day take, write-ahead logs with them. @throws {StoreError} */
  dayBytes(): DayBytes[] {
    return this.days().map(({ day, rows, chunks }) => {
      const files = [
        ...rows.map((generation) => this.rowsFile(day, generation)),
        ...chunks.map((generation) => this.chunksFile(day, generation)),
      ].flatMap((file) => [file, `${file}-wal`]);
      return { day, bytes: attempt(this.path, () => files.reduce((sum, file) => sum + sizeOf(file), 0)) };
    });
  }

  /** What all files take, write-ahead logs with them. @throws {StoreError} */
  bytes(): number {
    return attempt(this.path, () => {
      let bytes = 0;
      for (const folder of [this.path, this.daysFolder]) {
        for (const entry of readdirSync(folder, { withFileTypes: true })) {
          if (entry.isFile()) bytes += sizeOf(join(folder, entry.name));
        }
      }
      return bytes;
    });
  }

  /**
   * Takes the folder for this process alone.
   *
   * The lock is the operating system's lock on a file, held through SQLite: it ends with the process however that ends, so there
   * is no stale lock to be told from a real one. The process id beside it is for the message only.
   * @returns the undo
   * @throws {StoreError} with code LOCKED, naming the process that has it
   */
  lock(): () => void {
    const path = join(this.path, 'lock.db');
    const ownerPath = join(this.path, 'lock.pid');
    const database = attempt(path, () => new DatabaseSync(path));
    try {
      database.exec('BEGIN EXCLUSIVE');
      writeFileSync(ownerPath, `${process.pid}\n`);
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY) {
        const owner = ownerOf(ownerPath);
        throw new StoreError(
          'LOCKED',
          `${this.path} is in use by another store (process ${owner})`,
          this.path,
          { cause: error },
        );
      }
      return attempt(path, () => {
        throw error;
      });
    }
    return () => {
      if (database.isOpen) database.close();
    };
  }

  get daysFolder(): string {
    return join(this.path, 'days');
  }
}

/** 0 when there is none: a log may vanish between the listing and the look at it. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

const SQLITE_BUSY = 5;

function ownerOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
