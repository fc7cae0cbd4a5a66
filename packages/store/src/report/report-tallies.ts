import { setImmediate } from 'node:timers/promises';
import type { Logger } from '@katbus/bus/daemon';
import { wallClockUs, type SensorAddress } from '@katbus/protocol';
import type { Backend, TallyPart, WriteSummary } from '../backend/backend.ts';
import type { QuarantineRow, WriteBatch } from '../backend/write-batch.ts';
import { StoreError } from '../errors.ts';
import { ARCHIVE_PART, ArchiveTally } from './archive-tally.ts';
import { SensorTallies } from './sensor-tallies.ts';

/** Options of the tallies that reports are made of. Defaults: {@link TALLY_DEFAULTS}. */
export interface TallyOptions {
  /** What has changed is written within so long; a store that is killed has counted less by so much. */
  readonly writtenWithinMs?: number;
  /** In so many steps, so that it is never much at once. */
  readonly steps?: number;
}

export const TALLY_DEFAULTS = { writtenWithinMs: 60_000, steps: 12 } as const;

export interface TallyParts {
  readonly backend: Backend;
  readonly logger: Logger;
  /** Whether this is the one active store: another one's tallies are not to be written over. */
  readonly isActive: () => boolean;
}

export interface StoredBatch extends Pick<WriteBatch, 'samples' | 'attributes' | 'quarantine'> {
  /** The last message of the stream in it. */
  readonly last: { readonly timestampUs: number } | undefined;
}

const PAGE_SENSORS = 5_000;

/** What reports are made of: counted as batches are stored, kept in the back end, there again after a restart. */
export class ReportTallies {
  readonly sensors = new SensorTallies();
  readonly archive = new ArchiveTally(wallClockUs());
  readonly #parts: TallyParts;
  readonly #options: Required<TallyOptions>;
  #state: 'unread' | 'counting' | 'closed' = 'unread';
  #timer: NodeJS.Timeout | undefined;
  #step: Promise<void> = Promise.resolve();
  /** The next part to be looked at, and through which message everything was counted when the first one was. */
  #round = { part: 0, throughUs: -Infinity };
  #failure = '';

  private constructor(parts: TallyParts, options: TallyOptions) {
    this.#parts = parts;
    this.#options = { ...TALLY_DEFAULTS, ...options };
  }

  /** Reads what was counted before. A back end that cannot be read now is asked again: nothing is counted until then. */
  static async open(parts: TallyParts, options: TallyOptions = {}): Promise<ReportTallies> {
    const tallies = new ReportTallies(parts, options);
    await tallies.#read();
    const { writtenWithinMs, steps } = tallies.#options;
    tallies.#timer = setInterval(() => {
      tallies.#step = tallies.#step.then(() => tallies.#pass());
    }, writtenWithinMs / steps).unref();
    return tallies;
  }

  /** @throws {StoreError} they could not be read yet */
  check(): void {
    if (this.#state === 'unread')
      throw new StoreError('IO', `what was counted before cannot be read: ${this.#failure}`);
  }

  /** A batch is stored. Told of each in the order of the stream; what was counted before is not counted again. */
  stored(batch: StoredBatch, summary: WriteSummary, poison: readonly QuarantineRow[]): void {
    if (this.#state !== 'counting') return;
    const { samples, attributes, quarantine, last } = batch;
    for (const row of attributes) this.sensors.announced(row, row.fromUs);
    this.sensors.count(samples);
    this.archive.count(samples, [...quarantine, ...poison]);
    this.archive.quarantineDropped += summary.quarantineDropped;
    if (last !== undefined) this.archive.throughUs = Math.max(last.timestampUs, this.archive.throughUs);
  }

  /** Writes what is not written yet. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#step;
    if (this.#state === 'counting') {
      this.#round = { part: 0, throughUs: this.archive.throughUs };
      await this.#write(this.sensors.parts);
    }
    this.#state = 'closed';
  }

  async #read(): Promise<void> {
    const { backend, logger } = this.#parts;
    let parts: TallyPart[];
    let startUs: number;
    try {
      [parts, startUs] = await Promise.all([
        backend.tallies(),
        backend.startFloor().then((floor) => floor?.messageUs ?? -Infinity),
      ]);
    } catch (error) {
      this.#tell(`reports count nothing yet: ${messageOf(error)}`);
      return;
    }
    const archive = parts.find(({ name }) => name === ARCHIVE_PART);
    try {
      if (archive !== undefined) this.archive.restore(archive);
      this.sensors.restore(parts, this.archive.countedUs, startUs);
    } catch (error) {
      // Figures for a look are no reason to stop archiving.
      logger.error(`${messageOf(error)}; what it held is counted anew`);
    }
    this.#state = 'counting';
    this.#failure = '';
    void this.#readCatalogue();
  }

  /** Sensors that were there before anything was counted, or that a crash has taken out of the tallies. */
  async #readCatalogue(): Promise<void> {
    const { backend } = this.#parts;
    try {
      const { sensors } = await backend.statistics();
      if (sensors <= this.sensors.size) return;
      let after: SensorAddress | undefined;
      do {
        const { rows, next } = await backend.catalogue({ limit: PAGE_SENSORS, after });
        for (const row of rows) this.sensors.know(row);
        after = next;
        await setImmediate();
      } while (after !== undefined && this.#state === 'counting');
    } catch (error) {
      this.#tell(`the report lacks sensors until the next start: ${messageOf(error)}`);
    }
  }

  /** A step of a round. */
  async #pass(): Promise<void> {
    if (this.#state === 'unread') await this.#read();
    else await this.#write(Math.ceil(this.sensors.parts / this.#options.steps));
  }

  /** Writes the changed ones of the next parts, and at the end of a round what is counted of the archive. Never rejects. */
  async #write(most: number): Promise<void> {
    const { backend, isActive } = this.#parts;
    if (!isActive()) return;
    const { sensors, archive } = this;
    const taken: number[] = [];
    const parts: TallyPart[] = [];
    const end = Math.min(this.#round.part + most, sensors.parts);
    for (let part = this.#round.part; part < end; part++) {
      if (!sensors.isChanged(part)) continue;
      taken.push(part);
      parts.push(sensors.takePart(part, archive.throughUs));
      await setImmediate();
    }
    const isRoundOver = end === sensors.parts;
    try {
      if (isRoundOver) {
        archive.measured((await backend.statistics()).bytes, wallClockUs());
        archive.countedUs = this.#round.throughUs;
        parts.push(archive.toPart());
      }
      if (parts.length > 0) await backend.writeTallies(parts);
      this.#round = isRoundOver ? { part: 0, throughUs: archive.throughUs } : { ...this.#round, part: end };
      this.#failure = '';
    } catch (error) {
      for (const part of taken) sensors.notWritten(part);
      this.#tell(`what reports are made of cannot be written: ${messageOf(error)}`);
    }
  }

  /** Once, for as long as it is the same. */
  #tell(failure: string): void {
    if (failure !== this.#failure) this.#parts.logger.warn(failure);
    this.#failure = failure;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
