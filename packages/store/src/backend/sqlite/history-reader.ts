import { setImmediate } from 'node:timers/promises';
import type { SensorAddress } from '@katbus/protocol';
import type { HistoryBlock } from '../backend.ts';
import { EMPTY_BLOCK, sampleAt } from '../sample-block.ts';
import type { HistoryPiece } from '../sample-summary.ts';
import { wireBytes, type StoredSample } from '../stored-sample.ts';
import type { DataDirectory } from './data-directory.ts';
import { DayReader } from './day-reader.ts';
import { dayOf, startOfDay } from './day.ts';
import { OpenFiles } from './open-files.ts';
import { attempt } from './sqlite-file.ts';

const OPEN_DAY_FILES = 16;

/** Samples read at once where a block of samples is wanted: what bounds the overshoot beyond its bytes. */
const SAMPLES_AT_ONCE = 1_000;

/** Samples read at once from rows where columns are wanted. */
const ROWS_AT_ONCE = 10_000;

export interface BlockRequest {
  readonly address: SensorAddress;
  readonly startUs: number;
  readonly endUs: number;
  readonly mostSamples: number;
  readonly mostBytes: number;
  /** Hands out what there is after so long, even nothing. */
  readonly mostMs: number;
}

export interface PieceOptions {
  /** Whether samples between these two times (both belong to it) may be summed up; absent: never. */
  readonly maySumUp?: ((firstUs: number, lastUs: number) => boolean) | undefined;
  /** Most rows in a block. */
  readonly rowsAtOnce?: number;
}

/** Reads samples from day files. Asynchronous only to let other calls have their turn between two slices. */
export class HistoryReader {
  readonly #directory: DataDirectory;
  readonly #files: OpenFiles<DayReader>;

  constructor(directory: DataDirectory) {
    this.#directory = directory;
    this.#files = new OpenFiles(OPEN_DAY_FILES, (day) => {
      const path = directory.rowsFile(day, 0);
      return attempt(path, () => new DayReader(path));
    });
  }

  /**
   * The samples of a sensor with startUs <= time < endUs, in order of time, piece by piece. Each piece takes about 20 ms at most, some have no
   * sample: between two of them others may have their turn. `reachedUs` of a piece: from where a later call would go on.
   * @throws {StoreError}
   */
  *pieces(
    address: SensorAddress,
    startUs: number,
    endUs: number,
    { rowsAtOnce = ROWS_AT_ONCE }: PieceOptions = {},
  ): Generator<HistoryPiece, void, void> {
    for (const day of this.#daysBetween(startUs, endUs)) {
      const id = this.#idIn(day, address);
      const dayEndUs = Math.min(endUs, startOfDay(day + 1));
      if (id === undefined) {
        yield { block: EMPTY_BLOCK, reachedUs: dayEndUs };
        continue;
      }
      let fromUs = Math.max(startUs, startOfDay(day));
      while (fromUs < dayEndUs) {
        const { block, reachedUs } = this.#files.get(day).slice(id, fromUs, dayEndUs, rowsAtOnce);
        yield { block, reachedUs };
        fromUs = reachedUs;
      }
    }
  }

  /** @throws {StoreError} */
  async block(request: BlockRequest): Promise<HistoryBlock> {
    const { address, startUs, endUs, mostSamples, mostBytes, mostMs } = request;
    const deadlineMs = performance.now() + mostMs;
    const samples: StoredSample[] = [];
    let bytes = 0;
    const rowsAtOnce = Math.min(SAMPLES_AT_ONCE, mostSamples);
    for (const { block, reachedUs } of this.pieces(address, startUs, endUs, { rowsAtOnce })) {
      for (let place = 0; place < (block?.length ?? 0); place++) {
        const sample = sampleAt(block!, place);
        bytes += wireBytes(sample);
        const isFull = samples.length >= mostSamples || bytes > mostBytes;
        if (isFull && samples.length > 0) return { samples, nextUs: sample.timeUs };
        samples.push(sample);
      }
      const isOver = samples.length >= mostSamples || performance.now() > deadlineMs;
      if (isOver && reachedUs < endUs) return { samples, nextUs: reachedUs };
      await setImmediate();
    }
    return { samples, nextUs: undefined };
  }

  /** The last sample before a time. @throws {StoreError} */
  async lastBefore(address: SensorAddress, timeUs: number): Promise<StoredSample | undefined> {
    for (const day of this.#daysBetween(-Infinity, timeUs).reverse()) {
      await setImmediate();
      const id = this.#idIn(day, address);
      if (id === undefined) continue;
      const dayStartUs = startOfDay(day);
      let toUs = Math.min(timeUs, startOfDay(day + 1));
      while (toUs > dayStartUs) {
        const { block, reachedUs } = this.#files.get(day).sliceBack(id, dayStartUs, toUs);
        if (block.length > 0) return sampleAt(block, 0);
        toUs = reachedUs;
        await setImmediate();
      }
    }
    return undefined;
  }

  close(): void {
    this.#files.closeAll();
  }

  #daysBetween(startUs: number, endUs: number): number[] {
    return this.#directory
      .days()
      .map(({ day }) => day)
      .filter((day) => startOfDay(day + 1) > startUs && day <= dayOf(endUs - 1));
  }

  #idIn(day: number, address: SensorAddress): number | undefined {
    return this.#files.get(day).idOf(address);
  }
}
