import { setImmediate } from 'node:timers/promises';
import type { SensorAddress } from '@katbus/protocol';
import { StoreError } from '../../errors.ts';
import type { HistoryBlock } from '../backend.ts';
import { fillBlock, samplesAtOnce, type BlockRequest } from '../history-block.ts';
import { EMPTY_BLOCK } from '../sample-block.ts';
import type { HistoryPiece } from '../sample-summary.ts';
import type { StoredSample } from '../stored-sample.ts';
import type { DataDirectory, DayFiles } from './data-directory.ts';
import { dayOf, startOfDay } from './day.ts';
import { OpenDay } from './open-day.ts';
import { OpenFiles } from './open-files.ts';

const OPEN_DAYS = 16;

/** How often a day is looked at again whose files were changed, by a closing, while they were opened. */
const ATTEMPTS = 3;

export interface PieceOptions {
  /** Whether samples between these two times (both belong to it) may be summed up; absent: never. */
  readonly maySumUp?: ((firstUs: number, lastUs: number) => boolean) | undefined;
  /** Most samples in a block that is read from rows. */
  readonly rowsAtOnce?: number | undefined;
}

/** Reads samples from the files of days. Asynchronous only to let other calls have their turn between two slices. */
export class HistoryReader {
  readonly #directory: DataDirectory;
  readonly #days: OpenFiles<OpenDay>;

  constructor(directory: DataDirectory) {
    this.#directory = directory;
    this.#days = new OpenFiles(OPEN_DAYS, (day) => this.#openDay(day));
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
    options: PieceOptions = {},
  ): Generator<HistoryPiece, void, void> {
    for (const files of this.#daysBetween(startUs, endUs)) {
      const dayEndUs = Math.min(endUs, startOfDay(files.day + 1));
      let fromUs = Math.max(startUs, startOfDay(files.day));
      let day: OpenDay;
      do {
        day = this.#day(files.day);
        for (const piece of day.pieces(address, fromUs, dayEndUs, options)) {
          yield piece;
          fromUs = piece.reachedUs;
          // Closed meanwhile, to make room or because a closing has changed its files: it is opened again and read on.
          if (day.isClosed) break;
        }
      } while (day.isClosed);
      if (fromUs < dayEndUs) yield { block: EMPTY_BLOCK, reachedUs: dayEndUs };
    }
  }

  /** @throws {StoreError} */
  block(request: BlockRequest): Promise<HistoryBlock> {
    const { address, startUs, endUs } = request;
    const pieces = this.pieces(address, startUs, endUs, { rowsAtOnce: samplesAtOnce(request) });
    return fillBlock(pieces, endUs, request);
  }

  /** The last sample before a time. @throws {StoreError} */
  async lastBefore(address: SensorAddress, timeUs: number): Promise<StoredSample | undefined> {
    for (const files of this.#daysBetween(-Infinity, timeUs).reverse()) {
      for (;;) {
        await setImmediate();
        const day = this.#day(files.day);
        const search = day.lastBefore(address, timeUs);
        let step = search.next();
        while (!step.done && !day.isClosed) {
          await setImmediate();
          if (!day.isClosed) step = search.next();
        }
        if (!step.done) continue;
        if (step.value !== undefined) return step.value;
        break;
      }
    }
    return undefined;
  }

  /** Lets go of files that are no more those of their day. @throws {StoreError} */
  refresh(): void {
    this.#listed();
  }

  close(): void {
    this.#days.closeAll();
  }

  #daysBetween(startUs: number, endUs: number): DayFiles[] {
    return this.#listed().filter(({ day }) => startOfDay(day + 1) > startUs && day <= dayOf(endUs - 1));
  }

  /** The days there are; what is open of one whose files are others now is closed. */
  #listed(): DayFiles[] {
    const days = this.#directory.days();
    for (const [day, open] of this.#days.entries()) {
      const files = days.find((some) => some.day === day);
      if (files === undefined || !open.holds(files)) this.#days.close(day);
    }
    return days;
  }

  #day(day: number): OpenDay {
    return this.#days.get(day);
  }

  #openDay(day: number): OpenDay {
    for (let attempt = 1; ; attempt++) {
      const files = this.#directory.filesOf(day);
      try {
        return new OpenDay(this.#directory, files);
      } catch (error) {
        const hasChanged = JSON.stringify(this.#directory.filesOf(day)) !== JSON.stringify(files);
        if (!(error instanceof StoreError) || !hasChanged || attempt === ATTEMPTS) throw error;
      }
    }
  }
}
