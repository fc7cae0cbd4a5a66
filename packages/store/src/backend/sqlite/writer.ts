import type { SensorAddress } from '@katbus/protocol';
import type { BackendStatistics, TallyPart, WriteSummary } from '../backend.ts';
import { CatalogueFile } from './catalogue-file.ts';
import { DataDirectory } from './data-directory.ts';
import { DayFile } from './day-file.ts';
import { dayOf, startOfDay } from './day.ts';
import { OpenFiles } from './open-files.ts';
import type { PackedBatch } from './packed-batch.ts';
import type { SampleColumns } from '../sample-columns.ts';
import { attempt } from './sqlite-file.ts';

/** Yesterday's and today's are the usual ones; samples that come late bring others. */
const OPEN_DAY_FILES = 8;

export interface WriterOptions {
  readonly directory: string;
  readonly quarantineBytes: number;
  /** A file's write-ahead log is folded into it when it has about so many bytes. */
  readonly foldAtBytes: number;
}

/**
 * Writes batches into the files of one data directory. Synchronous: it lives in a thread of its own.
 *
 * The order of commits is what makes it safe. First the day files, one transaction each; only then does the caller acknowledge to the
 * stream. Every one to ten seconds, and at the end, the catalogue follows, with the sensors, the latest samples and the floor in one transaction. It
 * is the floor that counts after a crash, not what the stream believes to be acknowledged. Killed anywhere in between, or left by a power
 * failure:
 * - before the first commit: nothing is written, the stream delivers the batch again;
 * - after some day files: their rows are there while the floor says that they are not; they come again and replace themselves. A day
 *   file numbers its sensors for itself, so that its rows need nothing from the catalogue that was not committed;
 * - after the catalogue: all is written; the stream, not having heard of it, delivers the batch again, and nothing changes.
 * The other order would lose samples: a floor without its rows is a promise that nobody keeps.
 */
export class Writer {
  readonly #directory: DataDirectory;
  readonly #options: WriterOptions;
  readonly #days: OpenFiles<DayFile>;
  /** Of days that were sealed since the start: which rows file is written. */
  readonly #generations = new Map<number, number>();
  /** Samples of days before it are not stored any more. */
  #keepFromDay = -Infinity;
  /** By the sensors' numbers in this process. */
  readonly #addresses: SensorAddress[] = [];
  /** Closed after a failure, opened again by the next write. */
  #catalogue: CatalogueFile | undefined;
  /** The one that failed: it knows what is not in the file. */
  #failed: CatalogueFile | undefined;

  /** @throws {StoreError} */
  constructor(options: WriterOptions) {
    this.#options = options;
    this.#directory = new DataDirectory(options.directory);
    this.#days = new OpenFiles(OPEN_DAY_FILES, (day) => {
      const path = this.#directory.rowsFile(day, this.#generationOf(day));
      return attempt(path, () => new DayFile(path, options.foldAtBytes));
    });
    this.#openCatalogue();
  }

  /** @throws {StoreError} any part may have been written; to be called again with the same batch */
  write(batch: PackedBatch): WriteSummary {
    for (const address of batch.newSensors) this.#addresses.push(address);
    for (const [day, rows] of rowsByDay(batch.samples)) {
      if (day < this.#keepFromDay) continue;
      try {
        this.#days.get(day).write(batch.samples, rows, this.#addresses);
      } catch (error) {
        this.#days.close(day);
        throw error;
      }
    }
    return this.#inCatalogue((catalogue) => catalogue.write(batch, this.#addresses));
  }

  /** @returns how many were there @throws {StoreError} */
  releaseQuarantined(ids: readonly number[]): number {
    return this.#inCatalogue((catalogue) => catalogue.releaseQuarantined(ids));
  }

  /** @throws {StoreError} */
  writeTallies(parts: readonly TallyPart[]): void {
    this.#inCatalogue((catalogue) => {
      catalogue.writeTallies(parts);
    });
  }

  /** All that was written is in the files when it returns. @throws {StoreError} */
  settle(): void {
    this.#inCatalogue((catalogue) => {
      catalogue.settle(this.#addresses);
    });
  }

  /**
   * What is written of a day from now on goes to another file, so that those written so far can be made into chunks.
   * @returns the generation through which rows do not change any more
   * @throws {StoreError}
   */
  seal(day: number): number {
    const generation = this.#generationOf(day);
    this.#days.close(day);
    this.#generations.set(day, generation + 1);
    return generation;
  }

  /** Samples of days before this one are not stored from now on, and their files are not touched. @throws {StoreError} */
  keepFrom(day: number): void {
    this.#inCatalogue((catalogue) => {
      catalogue.forgetBefore(startOfDay(day), this.#addresses);
    });
    this.#keepFromDay = day;
    for (const key of this.#days.keys()) if (key < day) this.#days.close(key);
    for (const key of this.#generations.keys()) if (key < day) this.#generations.delete(key);
  }

  /** Between two batches. @throws {StoreError} */
  foldLogs(): void {
    for (const file of this.#days) file.foldLogWhenLong();
    this.#catalogue?.foldLogWhenLong();
  }

  statistics(): BackendStatistics {
    return { ...this.#openCatalogue().statistics, bytes: this.#directory.bytes() };
  }

  /** @throws {StoreError} when what was written last could not be settled: the stream gives it again */
  close(): void {
    this.#days.closeAll();
    try {
      if (this.#catalogue !== undefined) this.settle();
    } finally {
      this.#catalogue?.close();
      this.#catalogue = undefined;
    }
  }

  #inCatalogue<Result>(act: (catalogue: CatalogueFile) => Result): Result {
    try {
      return act(this.#openCatalogue());
    } catch (error) {
      this.#failed = this.#catalogue ?? this.#failed;
      this.#catalogue?.close();
      this.#catalogue = undefined;
      throw error;
    }
  }

  #generationOf(day: number): number {
    const sealed = this.#generations.get(day);
    if (sealed !== undefined) return sealed;
    const { rows, chunks } = this.#directory.filesOf(day);
    return Math.max(rows.at(-1) ?? 0, chunks.at(-1) ?? 0);
  }

  #openCatalogue(): CatalogueFile {
    this.#directory.prepare();
    const path = this.#directory.catalogueFile;
    this.#catalogue ??= attempt(path, () => new CatalogueFile(path, this.#options));
    if (this.#failed !== undefined) this.#catalogue.inherit(this.#failed, this.#addresses);
    this.#failed = undefined;
    return this.#catalogue;
  }
}

function rowsByDay({ count, times }: SampleColumns): Map<number, Int32Array> {
  const days = new Map<number, number[]>();
  let day = NaN;
  let rows: number[] = [];
  for (let row = 0; row < count; row++) {
    const rowDay = dayOf(times[row]!);
    if (rowDay !== day) {
      day = rowDay;
      rows = days.get(day) ?? [];
      days.set(day, rows);
    }
    rows.push(row);
  }
  return new Map([...days].map(([key, list]) => [key, Int32Array.from(list)]));
}
