import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DataDirectory } from '../data-directory.ts';
import { attempt } from '../sqlite-file.ts';
import { DayClosing, removeFile, type ClosingReport } from './day-closing.ts';
import { Pace } from './pace.ts';

export interface KeeperOptions {
  readonly directory: string;
  /** Of one processor. */
  readonly closingShare: number;
  readonly closingRows: number;
}

/** Closes days and removes old ones, beside writer and reader. Lives in a thread of its own. */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #directory: DataDirectory;
  readonly #pace: Pace;
  #work: Promise<unknown> = Promise.resolve();

  /** @throws {StoreError} */
  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#directory = new DataDirectory(options.directory);
    this.#pace = new Pace(options.closingShare);
    this.#removeDrafts();
  }

  /** After those begun before. @returns undefined when there is nothing to close @throws {StoreError} */
  close(day: number, sealed: number): Promise<ClosingReport | undefined> {
    const request = { day, sealed, roomRows: this.#options.closingRows };
    const closing = this.#work.then(() => new DayClosing(this.#directory, request, this.#pace).run());
    this.#work = closing.catch(() => undefined);
    return closing;
  }

  /** Removes all files of the days before this one. @returns the days @throws {StoreError} */
  removeBefore(day: number): number[] {
    const gone = this.#directory.days().filter((files) => files.day < day);
    for (const { day: old, rows, chunks } of gone) {
      const paths = [
        ...rows.map((generation) => this.#directory.rowsFile(old, generation)),
        ...chunks.map((generation) => this.#directory.chunksFile(old, generation)),
      ];
      for (const path of paths) attempt(path, () => removeFile(path));
    }
    return gone.map((files) => files.day);
  }

  /** Ends what is under way; the day stays as it was. */
  async end(): Promise<void> {
    this.#pace.end();
    await this.#work;
  }

  /** What a closing that was killed has left. */
  #removeDrafts(): void {
    const folder = this.#directory.daysFolder;
    attempt(folder, () => {
      for (const name of readdirSync(folder)) {
        if (/\.chunks-\d+\.db\.(new|runs)$/.test(name)) rmSync(join(folder, name), { force: true });
      }
    });
  }
}
