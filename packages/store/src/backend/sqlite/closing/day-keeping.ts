import { statSync } from 'node:fs';
import { StoreError } from '../../../errors.ts';
import type { DataDirectory, DayFiles } from '../data-directory.ts';
import { dayOf, startOfDay } from '../day.ts';
import { Thread } from '../../thread/thread.ts';
import type { WriterMethods } from '../writer-thread.ts';
import type { ClosingReport } from './day-closing.ts';
import type { KeeperMethods } from './keeper-thread.ts';
import type { KeeperOptions } from './keeper.ts';

/** What becomes of days that are over. Defaults: {@link KEEPING_DEFAULTS}. */
export interface KeepingOptions {
  /**
   * A day is closed so long after its end, when nothing was written into it for as long; Infinity: never. Where something is written into it
   * all the time, it is closed once a day.
   */
  readonly closeAfterMs: number;
  /** How many days before today are kept, as whole files; 0: all of them. */
  readonly keepDays: number;
  /** How much of one processor a closing takes. */
  readonly closingShare: number;
  /** How many rows a closing holds in memory, of 34 bytes each, text aside; the rest goes through the disk. */
  readonly closingRows: number;
}

export const KEEPING_DEFAULTS: KeepingOptions = {
  closeAfterMs: 3_600_000,
  keepDays: 0,
  closingShare: 0.5,
  closingRows: 4_000_000,
};

export type KeepingEvent =
  | { readonly type: 'closed'; readonly report: ClosingReport; readonly tookMs: number }
  | { readonly type: 'removed'; readonly days: readonly number[] }
  | { readonly type: 'failed'; readonly day: number | undefined; readonly error: Error };

const PASS_EVERY_MS = 60_000;
const DAY_MS = 86_400_000;
/** After a failure the day is left alone for so long. */
const PAUSE_MS = 600_000;

interface Threads {
  readonly writer: Thread<WriterMethods>;
  /** No reader keeps a file open that is gone. */
  readonly refreshReaders: () => Promise<void>;
}

/** Closes days that are over and removes those that are to be kept no longer, pass by pass. */
export class DayKeeping {
  readonly #directory: DataDirectory;
  readonly #threads: Threads;
  readonly #options: KeepingOptions;
  readonly #onEvent: (event: KeepingEvent) => void;
  /** Started when there is something to do. */
  #keeper: Thread<KeeperMethods> | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #notBeforeMs = new Map<number, number>();
  #keptFrom = -Infinity;
  #pass: Promise<void> = Promise.resolve();
  #isPassing = false;
  #isOver = false;

  constructor(
    directory: DataDirectory,
    threads: Threads,
    options: KeepingOptions,
    onEvent: (event: KeepingEvent) => void,
  ) {
    this.#directory = directory;
    this.#threads = threads;
    this.#options = options;
    this.#onEvent = onEvent;
    this.#timer = setInterval(() => {
      if (!this.#isPassing) void this.pass(Date.now());
    }, PASS_EVERY_MS).unref();
  }

  /** Removes and closes what is due, one day after the other. Never rejects: what fails is told as an event. */
  pass(nowMs: number): Promise<void> {
    this.#pass = this.#pass.then(async () => {
      this.#isPassing = true;
      try {
        if (!this.#isOver) await this.#removeOld(nowMs);
        for (const files of this.#directory.days()) {
          if (this.#isOver) break;
          if (this.#isDue(files, nowMs)) await this.#closeOne(files.day, nowMs);
        }
      } catch (error) {
        this.#failed(undefined, error);
      }
      this.#isPassing = false;
    });
    return this.#pass;
  }

  /**
   * Closes a day now, due or not.
   * @returns undefined: it has no rows
   * @throws {StoreError} it stays as it was
   */
  async closeDay(day: number): Promise<ClosingReport | undefined> {
    const sealed = await this.#threads.writer.call('seal', day);
    const report = await this.#keeping().call('closeDay', { day, sealed });
    // Else files that are removed would take their room until somebody reads again.
    await this.#threads.refreshReaders();
    return report;
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#isOver = true;
    await this.#keeper?.close();
    // A pass that waited for the writer meanwhile starts no keeper any more.
    await this.#pass;
  }

  /** @throws {StoreError} CLOSED: a thread that is started now would never be ended */
  #keeping(): Thread<KeeperMethods> {
    if (this.#isOver) throw new StoreError('CLOSED', 'the store is closing');
    if (this.#keeper === undefined || this.#keeper.hasCrashed) {
      const { closingShare, closingRows } = this.#options;
      const options: KeeperOptions = { directory: this.#directory.path, closingShare, closingRows };
      this.#keeper = new Thread('day keeper', new URL('./keeper-thread.ts', import.meta.url), options);
    }
    return this.#keeper;
  }

  async #removeOld(nowMs: number): Promise<void> {
    const { keepDays } = this.#options;
    if (keepDays === 0) return;
    const from = dayOf(1000 * nowMs) - keepDays;
    if (from !== this.#keptFrom) {
      // The writer first: it must not have a file open that is removed.
      await this.#threads.writer.call('keepFrom', from);
      this.#keptFrom = from;
    }
    const days = await this.#keeping().call('removeBefore', from);
    if (days.length === 0) return;
    await this.#threads.refreshReaders();
    this.#onEvent({ type: 'removed', days });
  }

  #isDue({ day, rows, chunks }: DayFiles, nowMs: number): boolean {
    const { closeAfterMs } = this.#options;
    const overSinceMs = nowMs - startOfDay(day + 1) / 1000;
    if (rows.length === 0 || overSinceMs < closeAfterMs) return false;
    if (nowMs < (this.#notBeforeMs.get(day) ?? -Infinity)) return false;
    const paths = rows.map((generation) => this.#directory.rowsFile(day, generation));
    const quietMs = nowMs - Math.max(...paths.flatMap((path) => [path, `${path}-wal`]).map(changedMs));
    const newest = chunks.at(-1);
    const closedSinceMs =
      newest === undefined ? overSinceMs : nowMs - changedMs(this.#directory.chunksFile(day, newest));
    return quietMs >= closeAfterMs || closedSinceMs >= closeAfterMs + DAY_MS;
  }

  async #closeOne(day: number, nowMs: number): Promise<void> {
    const startedMs = performance.now();
    try {
      const report = await this.closeDay(day);
      if (report === undefined) return;
      this.#onEvent({ type: 'closed', report, tookMs: performance.now() - startedMs });
    } catch (error) {
      this.#notBeforeMs.set(day, nowMs + PAUSE_MS);
      this.#failed(day, error);
    }
  }

  #failed(day: number | undefined, error: unknown): void {
    if (error instanceof StoreError && error.code === 'CLOSED') return;
    this.#onEvent({ type: 'failed', day, error: error instanceof Error ? error : new Error(String(error)) });
  }
}

/** When a file was last written, in ms since 1970; -Infinity: there is none. */
function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
}
