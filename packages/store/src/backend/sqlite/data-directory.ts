import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { DayBytes } from '../backend.ts';
import { dayFileName, parseDayFileName } from './day.ts';
import { lockFolder } from './folder-lock.ts';
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

  /** Takes the folder for this process alone. @returns the undo @throws {StoreError} LOCKED, naming the process that has it */
  lock(): () => void {
    return lockFolder(this.path);
  }

  get daysFolder(): string {
    return join(this.path, 'days');
  }
}

/** 0 when there is none: a log may vanish between the listing and the look at it. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
