import type { TallyPart } from '../backend/backend.ts';
import { SampleBatch, type SampleSource } from '../backend/sample-batch.ts';
import type { QuarantineRow } from '../backend/write-batch.ts';
import { TallyPartError } from './tally-part.ts';

/** Of the part with what is counted of the archive as a whole. */
export const ARCHIVE_PART = 'archive';

const VERSION = 1;
const DAY_US = 86_400e6;

/** A day of the archive, UTC. */
export interface DayTally {
  /** Samples counted whose `time` lies in it. */
  samples: number;
  /** What the whole archive took when it was looked at last on this day. */
  archiveBytes?: number;
}

interface Kept {
  readonly version: number;
  readonly sinceUs: number;
  /** null: nothing was counted. */
  readonly receivedUs: number | null;
  readonly sequence: number | null;
  readonly countedUs: number | null;
  readonly days: Readonly<Record<string, DayTally>>;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly quarantineDropped: number;
}

/** What is counted of the archive as a whole: samples of each day, and what was not stored. */
export class ArchiveTally {
  /** When counting began. */
  #sinceUs: number;
  /** The newest message counted: one that is in neither newer has been counted. */
  #receivedUs = -Infinity;
  #sequence = -Infinity;
  /** When the stream took the newest message that was stored, whatever was in it. */
  throughUs = -Infinity;
  /** Up to then, all parts of the sensors' tallies have what was stored. */
  countedUs = -Infinity;
  readonly days = new Map<number, DayTally>();
  /** Messages put into quarantine, by reason. */
  readonly quarantined = new Map<string, number>();
  /** Messages that left quarantine because newer ones needed the room. */
  quarantineDropped = 0;

  constructor(nowUs: number) {
    this.#sinceUs = nowUs;
  }

  get sinceUs(): number {
    return this.#sinceUs;
  }

  /** What one batch holds, but for what was counted before, or whose place in the stream is not known. */
  count(samples: SampleSource, quarantine: readonly QuarantineRow[]): void {
    const receivedUs = this.#receivedUs;
    const sequence = this.#sequence;
    const isCounted = (tookUs: number, place: number) => tookUs <= receivedUs && place <= sequence;
    if (samples instanceof SampleBatch) this.#countColumns(samples, isCounted);
    else {
      for (const row of samples) {
        if (row.receivedUs === undefined || row.sequence === undefined) continue;
        if (!isCounted(row.receivedUs, row.sequence)) this.#dayOf(row.timeUs).samples++;
        this.#pass(row.receivedUs, row.sequence);
      }
    }
    for (const row of quarantine) {
      if (!isCounted(row.receivedUs, row.sequence)) {
        this.quarantined.set(row.reason, (this.quarantined.get(row.reason) ?? 0) + 1);
      }
      this.#pass(row.receivedUs, row.sequence);
    }
  }

  /** The archive's size now. */
  measured(bytes: number, nowUs: number): void {
    this.#dayOf(nowUs).archiveBytes = bytes;
  }

  toPart(): TallyPart {
    const kept: Kept = {
      version: VERSION,
      sinceUs: this.#sinceUs,
      receivedUs: finite(this.#receivedUs),
      sequence: finite(this.#sequence),
      countedUs: finite(this.countedUs),
      days: Object.fromEntries(this.days),
      quarantined: Object.fromEntries(this.quarantined),
      quarantineDropped: this.quarantineDropped,
    };
    return { name: ARCHIVE_PART, data: Buffer.from(JSON.stringify(kept)) };
  }

  /** @throws {TallyPartError} it is damaged, or of another version */
  restore({ data }: TallyPart): void {
    let kept: Kept;
    try {
      kept = JSON.parse(Buffer.from(data).toString()) as Kept;
      if (kept.version !== VERSION) throw new Error(`it has version ${kept.version}, known is ${VERSION}`);
    } catch (error) {
      throw new TallyPartError(
        `the tallies' part of the archive cannot be read: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
    this.#sinceUs = kept.sinceUs;
    this.#receivedUs = kept.receivedUs ?? -Infinity;
    this.#sequence = kept.sequence ?? -Infinity;
    this.countedUs = kept.countedUs ?? -Infinity;
    this.throughUs = this.countedUs;
    for (const [day, tally] of Object.entries(kept.days)) this.days.set(Number(day), tally);
    for (const [reason, messages] of Object.entries(kept.quarantined)) this.quarantined.set(reason, messages);
    this.quarantineDropped = kept.quarantineDropped;
  }

  #countColumns(
    { length, times, received, sequences }: SampleBatch,
    isCounted: (tookUs: number, place: number) => boolean,
  ): void {
    let fromUs = Infinity;
    let tally: DayTally | undefined;
    for (let row = 0; row < length; row++) {
      if (isCounted(received[row]!, sequences[row]!)) continue;
      const timeUs = times[row]!;
      // Nearly all are of one day.
      if (tally === undefined || timeUs < fromUs || timeUs >= fromUs + DAY_US) {
        tally = this.#dayOf(timeUs);
        fromUs = Math.floor(timeUs / DAY_US) * DAY_US;
      }
      tally.samples++;
    }
    if (length > 0) this.#pass(received[length - 1]!, sequences[length - 1]!);
  }

  #pass(receivedUs: number, sequence: number): void {
    if (receivedUs <= this.#receivedUs && sequence <= this.#sequence) return;
    this.#receivedUs = Math.max(receivedUs, this.#receivedUs);
    this.#sequence = sequence;
  }

  #dayOf(timeUs: number): DayTally {
    const day = Math.floor(timeUs / DAY_US);
    let tally = this.days.get(day);
    if (tally === undefined) {
      tally = { samples: 0 };
      this.days.set(day, tally);
    }
    return tally;
  }
}

/** JSON has no infinity. */
function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null;
}
