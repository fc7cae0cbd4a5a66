import { existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError } from '../../../errors.ts';
import { mergePieces } from '../../piece-merge.ts';
import type { HistoryPiece } from '../../sample-summary.ts';
import { ChunkFileDraft } from '../chunk-file.ts';
import { ChunkReader } from '../chunk-reader.ts';
import type { DataDirectory } from '../data-directory.ts';
import { startOfDay } from '../day.ts';
import { attempt, syncFile, syncFolder } from '../sqlite-file.ts';
import { ChunkCutter } from '../../../chunk/chunk-cutter.ts';
import type { Pace } from './pace.ts';
import { RowScan, SENSOR_COLUMN } from './row-scan.ts';
import { RowRun } from './row-run.ts';
import { SampleTally } from './sample-tally.ts';
import { SensorUnion } from './sensor-union.ts';
import { SpillFile, type Segment } from './spill-file.ts';

/** Samples of a sensor that are handed on at once. */
const SEGMENT_SAMPLES = 4_096;

export interface ClosingReport {
  readonly day: number;
  readonly samples: number;
  readonly sensors: number;
  readonly chunks: number;
  /** Of the files that the chunks take the place of, and of theirs. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export interface ClosingRequest {
  readonly day: number;
  /** Rows through this generation are not written any more. */
  readonly sealed: number;
  /** How many rows are held in memory at once, of 34 bytes each, text aside. */
  readonly roomRows: number;
}

/**
 * Makes chunks of a day's rows, and of the chunks that it has already. Rows are in order of time, chunks by sensor: what does not fit into the
 * memory is sorted in runs that go to the disk and are then read side by side, so that each row is read once however many there are.
 *
 * Killed anywhere, nothing is lost and nothing counts twice:
 * - before the new file has its name: drafts are left, which nobody reads and the next start removes;
 * - after it has its name, before the rows are removed: they lie over chunks that say the same, and are closed again;
 * - while they are removed, the oldest first: what is left of them still lies over the chunks in the order of the stream.
 */
export class DayClosing {
  readonly #directory: DataDirectory;
  readonly #request: ClosingRequest;
  readonly #pace: Pace;

  constructor(directory: DataDirectory, request: ClosingRequest, pace: Pace) {
    this.#directory = directory;
    this.#request = request;
    this.#pace = pace;
  }

  /**
   * @returns undefined when the day has no rows to close
   * @throws {StoreError} the day is as it was
   */
  async run(): Promise<ClosingReport | undefined> {
    this.#pace.begin();
    const { day, sealed, roomRows } = this.#request;
    const files = this.#directory.filesOf(day);
    const rows = files.rows.filter((generation) => generation <= sealed);
    if (rows.length === 0) return undefined;
    const rowPaths = rows.map((generation) => this.#directory.rowsFile(day, generation));
    const chunkPaths = files.chunks.map((generation) => this.#directory.chunksFile(day, generation));
    const target = this.#directory.chunksFile(day, Math.max(sealed, files.chunks.at(-1) ?? 0) + 1);

    const undo: (() => void)[] = [];
    try {
      const union = new SensorUnion();
      const newest = chunkPaths.at(-1);
      const before = newest === undefined ? undefined : new ChunkReader(newest);
      if (before !== undefined) undo.push(() => before.close());
      const known = before?.sensors() ?? [];
      const numbersBefore = union.add(known);
      const scans = rowPaths.map((path) => {
        const scan = new RowScan(path);
        undo.push(() => scan.close());
        return { scan, numbers: union.add(scan.sensors()) };
      });
      const sensors = union.addresses.length;
      const expected = new SampleTally(sensors);
      const spill = new SpillFile(`${target}.runs`);
      undo.push(() => spill.discard());

      const layers: LayerOf[] = [];
      if (before !== undefined) {
        const ids = new Map(known.map(({ id }) => [numbersBefore[id]!, id]));
        const chunksOf: LayerOf = (sensor) => {
          const id = ids.get(sensor);
          return id === undefined ? [] : before.pieces(id, startOfDay(day), startOfDay(day + 1));
        };
        await this.#tally(ids.keys(), chunksOf, expected);
        layers.push(chunksOf);
      }
      const run = new RowRun(roomRows);
      for (const [place, { scan, numbers }] of scans.entries()) {
        const isLast = place === scans.length - 1;
        layers.push(await this.#sort({ scan, numbers, sensors, run, isLast, spill, expected }));
      }

      const draft = new ChunkFileDraft(`${target}.new`, union.addresses);
      undo.push(() => draft.discard());
      for (let sensor = 0; sensor < sensors; sensor++) {
        const cutter = new ChunkCutter((chunk) => draft.add(sensor, chunk));
        const merged = mergePieces(
          layers.map((layer) => layer(sensor)),
          startOfDay(day),
          (block, place) => expected.remove(sensor, block, place),
        );
        for (const { block } of merged) {
          if (block !== undefined) cutter.add(block);
          await this.#pace.step();
        }
        cutter.end();
      }
      draft.finish();
      if (draft.chunks === 0) {
        for (const path of rowPaths) removeFile(path);
        return undefined;
      }
      await this.#verify(draft.path, union, expected);

      const bytesBefore = [...rowPaths, ...chunkPaths].reduce((sum, path) => sum + sizeOf(path), 0);
      attempt(target, () => {
        syncFile(draft.path);
        renameSync(draft.path, target);
        syncFolder(dirname(target));
        for (const path of [...chunkPaths, ...rowPaths]) removeFile(path);
      });
      return {
        day,
        samples: expected.count,
        sensors,
        chunks: draft.chunks,
        bytesBefore,
        bytesAfter: sizeOf(target),
      };
    } finally {
      for (const release of undo.reverse()) release();
    }
  }

  /** The rows of one file by sensor. What fits stays in memory, the rest goes to the spill file run by run. */
  async #sort({ scan, numbers, sensors, run, isLast, spill, expected }: Sorting): Promise<LayerOf> {
    const runs: Iterator<Segment>[] = [];
    const spillRun = async () => {
      const spilled = await spill.write(run.bySensor(sensors, SEGMENT_SAMPLES), () => this.#pace.step());
      runs.push(spill.read(spilled));
      run.clear();
    };
    for (const rows of scan.slices()) {
      for (const row of rows) {
        const [timeUs, valueTimeUs, status, kind, value, text] = row;
        const sensor = numbers[row[SENSOR_COLUMN] as number]!;
        run.add(sensor, row);
        expected.add(
          sensor,
          timeUs as number,
          valueTimeUs as number,
          status as number,
          kind as number,
          value === null ? NaN : (value as number),
          text === null ? undefined : (text as string),
        );
        if (run.isFull) await spillRun();
      }
      await this.#pace.step();
    }
    // The memory is the next file's, if there is one.
    if (isLast) runs.push(run.bySensor(sensors, SEGMENT_SAMPLES));
    else await spillRun();
    const heads = runs.map((segments) => new RunHead(segments));
    // One run is later than the one before: a sensor's samples are in order across them.
    return function* (sensor) {
      for (const head of heads) yield* head.of(sensor);
    };
  }

  async #tally(sensors: Iterable<number>, layer: LayerOf, tally: SampleTally): Promise<void> {
    for (const sensor of sensors) {
      for (const { block } of layer(sensor)) {
        if (block !== undefined) tally.addBlock(sensor, block);
        await this.#pace.step();
      }
    }
  }

  /** Reads what is on the disk, as a reader will, and compares it with what was read from the rows. */
  async #verify(path: string, union: SensorUnion, expected: SampleTally): Promise<void> {
    const { day } = this.#request;
    const found = new SampleTally(union.addresses.length);
    const reader = new ChunkReader(path);
    try {
      const chunksOf: LayerOf = (sensor) => reader.pieces(sensor + 1, startOfDay(day), startOfDay(day + 1));
      await this.#tally(union.addresses.keys(), chunksOf, found);
    } finally {
      reader.close();
    }
    const wrong = found.differsFrom(expected);
    if (wrong === undefined) return;
    const { component, sensor } = union.addresses[wrong]!;
    throw new StoreError(
      'CORRUPT',
      `${path}: the chunks of ${component}.${sensor} are not its rows: they stay rows`,
      path,
    );
  }
}

interface Sorting {
  readonly scan: RowScan;
  /** By the ids of the file. */
  readonly numbers: Int32Array;
  readonly sensors: number;
  /** Empty. */
  readonly run: RowRun;
  /** There is no file after it. */
  readonly isLast: boolean;
  readonly spill: SpillFile;
  readonly expected: SampleTally;
}

/** The samples of one sensor in one layer. Asked for sensor after sensor. */
type LayerOf = (sensor: number) => Iterable<HistoryPiece>;

/** A run while it is read beside others: hands out the segments of a sensor when its turn has come. */
class RunHead {
  readonly #segments: Iterator<Segment>;
  #next: Segment | undefined;

  constructor(segments: Iterator<Segment>) {
    this.#segments = segments;
    this.#advance();
  }

  *of(sensor: number): Generator<HistoryPiece, void, void> {
    while (this.#next?.sensor === sensor) {
      const { block } = this.#next;
      yield { block, reachedUs: block.timesUs[block.length - 1]! + 1 };
      this.#advance();
    }
  }

  #advance(): void {
    const { done, value } = this.#segments.next() as IteratorResult<Segment, undefined>;
    this.#next = done === true ? undefined : value;
  }
}

/** The file first: a log without its file is nothing, a file without its log would be half of it. */
export function removeFile(path: string): void {
  for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}
