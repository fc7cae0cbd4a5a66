import { setImmediate } from 'node:timers/promises';
import type { SensorAddress } from '@katbus/protocol';
import type { HistoryBlock } from '../backend.ts';
import { wireBytes, type StoredSample } from '../stored-sample.ts';
import type { DataDirectory } from './data-directory.ts';
import { DayReader } from './day-reader.ts';
import { dayOf, startOfDay } from './day.ts';
import { OpenFiles } from './open-files.ts';
import { attempt } from './sqlite-file.ts';

const OPEN_DAY_FILES = 16;

/** Samples read at once: what bounds the overshoot beyond a block's bytes. */
const SAMPLES_AT_ONCE = 1_000;

export interface BlockRequest {
  readonly address: SensorAddress;
  readonly startUs: number;
  readonly endUs: number;
  readonly mostSamples: number;
  readonly mostBytes: number;
  /** Hands out what there is after so long, even nothing. */
  readonly mostMs: number;
}

/** Reads samples from day files. Asynchronous only to let other calls have their turn between two slices. */
export class HistoryReader {
  readonly #directory: DataDirectory;
  readonly #files: OpenFiles<DayReader>;

  constructor(directory: DataDirectory) {
    this.#directory = directory;
    this.#files = new OpenFiles(OPEN_DAY_FILES, (day) => {
      const path = directory.dayFile(day);
      return attempt(path, () => new DayReader(path));
    });
  }

  /** @throws {StoreError} */
  async block(request: BlockRequest): Promise<HistoryBlock> {
    const { address, startUs, endUs, mostSamples, mostBytes, mostMs } = request;
    const deadlineMs = performance.now() + mostMs;
    const samples: StoredSample[] = [];
    let bytes = 0;
    for (const day of this.#daysBetween(startUs, endUs)) {
      await setImmediate();
      if (performance.now() > deadlineMs) {
        return { samples, nextUs: Math.max(startUs, startOfDay(day)) };
      }
      const id = this.#idIn(day, address);
      if (id === undefined) continue;
      const dayEndUs = Math.min(endUs, startOfDay(day + 1));
      let fromUs = Math.max(startUs, startOfDay(day));
      while (fromUs < dayEndUs) {
        const limit = Math.min(SAMPLES_AT_ONCE, mostSamples - samples.length);
        const slice = this.#files.get(day).slice(id, fromUs, dayEndUs, limit);
        for (const sample of slice.samples) {
          bytes += wireBytes(sample);
          if (bytes > mostBytes && samples.length > 0) return { samples, nextUs: sample.timeUs };
          samples.push(sample);
        }
        fromUs = slice.reachedUs;
        const isFull = samples.length >= mostSamples || performance.now() > deadlineMs;
        if (isFull && fromUs < endUs) return { samples, nextUs: fromUs };
        await setImmediate();
      }
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
        const { samples, reachedUs } = this.#files.get(day).sliceBack(id, dayStartUs, toUs);
        if (samples[0] !== undefined) return samples[0];
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
    return this.#directory.days().filter((day) => startOfDay(day + 1) > startUs && day <= dayOf(endUs - 1));
  }

  #idIn(day: number, address: SensorAddress): number | undefined {
    return this.#files.get(day).idOf(address);
  }
}
