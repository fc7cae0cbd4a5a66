import type { StreamFloor } from '../../write-batch.ts';
import type { CqlSession } from '../session/cql-session.ts';
import type { WriteClock } from './write-clock.ts';

/** So many are kept, in a ring: with one a second, those of the last hour in which something was written. */
const SLOTS = 3_600;

const INSERT =
  'INSERT INTO floors (one, slot, recorded_t, sequence, stream_created, message_t, latest_t) VALUES (1, ?, ?, ?, ?, ?, ?)';
const SELECT = 'SELECT recorded_t, sequence, stream_created, message_t, latest_t FROM floors WHERE one = 1';
const DELETE = 'DELETE FROM floors WHERE one = 1 AND slot = ?';
const DELETE_ALL = 'DELETE FROM floors WHERE one = 1';

interface RecordedFloor {
  readonly floor: StreamFloor;
  /** By the clock of writing. */
  readonly recordedUs: number;
  /** Through when, by the same clock, latest values are in their table. */
  readonly latestUs: number;
}

export interface FloorTimes {
  readonly setBackSeconds: number;
  readonly floorSeconds: number;
}

/**
 * How far the stream was stored, and when: table `floors`, a ring that is written over, so that no tombstones lie in it.
 *
 * Cassandra acknowledges what it has not synced yet, and a crash of its host takes up to `commitlog_sync_period` (10 s) of that away. Therefore the stream
 * is not read again from the newest floor, but from one that is older by some multiple of it; and from one before which all latest values had
 * reached their table, because those are gathered in memory.
 */
export class Floors {
  readonly #session: CqlSession;
  readonly #clock: WriteClock;
  readonly #times: FloorTimes;
  /** In the order in which they were recorded. */
  #recorded: RecordedFloor[] = [];
  #newest: StreamFloor | undefined;
  /** The newest that is left is where the stream is read again, until something newer is recorded. */
  #isSetBack = false;
  /** Slots that count no more and are still in the table. */
  #toDelete: ReadonlySet<number> | 'all' = new Set();

  constructor(session: CqlSession, clock: WriteClock, times: FloorTimes) {
    this.#session = session;
    this.#clock = clock;
    this.#times = times;
  }

  /** Through which message everything is stored. */
  get newest(): StreamFloor | undefined {
    return this.#newest;
  }

  /** Through when latest values were in their table by the newest that is recorded; 0: nobody knows. */
  get latestUs(): number {
    return this.#recorded.at(-1)?.latestUs ?? 0;
  }

  /** Forgets all and reads the table. @throws {StoreError} */
  async load(): Promise<void> {
    const rows = await this.#session.execute(SELECT);
    this.#recorded = rows
      .map((row) => ({
        recordedUs: Number(row.recorded_t),
        latestUs: Number(row.latest_t),
        floor: {
          sequence: Number(row.sequence),
          streamCreated: String(row.stream_created),
          messageUs: Number(row.message_t),
        },
      }))
      .sort((a, b) => a.recordedUs - b.recordedUs);
    const last = this.#recorded.at(-1);
    this.#newest = last?.floor;
    this.#isSetBack = false;
    this.#toDelete = new Set();
    if (last !== undefined) this.#clock.pass(last.recordedUs);
  }

  /** From where nothing can be lost; undefined: from the beginning. */
  get start(): StreamFloor | undefined {
    const last = this.#recorded.at(-1);
    if (last === undefined) return undefined;
    if (this.#isSetBack) return last.floor;
    return this.#recorded.at(this.#placeBefore(last.recordedUs, last.latestUs) ?? SLOTS)?.floor;
  }

  /**
   * What was acknowledged shortly before this time may be gone: {@link start} is from before, and later floors count no more, also after a
   * restart, as soon as {@link settle} has resolved.
   * @param lostSinceUs -Infinity: all is gone
   */
  setBack(lostSinceUs: number): void {
    this.#keep((this.#placeBefore(lostSinceUs, Infinity) ?? -1) + 1);
    this.#newest = this.#recorded.at(-1)?.floor;
  }

  /**
   * The stream is read again from {@link start} on, which is the answer. Floors that were recorded later count no more: lower ones are about to
   * be recorded after them, and who is killed before he has come as far again must not begin at a higher one.
   */
  begin(): StreamFloor | undefined {
    const { start } = this;
    this.#keep(this.#recorded.findLastIndex(({ floor }) => floor === start) + 1);
    return start;
  }

  /** Takes out of the table what {@link setBack} and {@link begin} made worthless. @throws {StoreError} */
  async settle(): Promise<void> {
    const slots = this.#toDelete;
    if (slots !== 'all' && slots.size === 0) return;
    if (slots === 'all') await this.#session.execute(DELETE_ALL, [], { timestampUs: this.#clock.next() });
    else
      await this.#session.batch(
        DELETE,
        Array.from(slots, (slot) => [slot]),
        this.#clock.next(),
      );
    this.#toDelete = new Set();
  }

  /**
   * @param latestUs through when latest values are in their table
   * @param isLast records it even if another one was recorded just now
   * @throws {StoreError}
   */
  async record(floor: StreamFloor, latestUs: number, isLast = false): Promise<void> {
    this.#newest = floor;
    const recordedUs = this.#clock.next();
    const last = this.#recorded.at(-1);
    const isDue = last === undefined || recordedUs - last.recordedUs >= this.#times.floorSeconds * 1e6;
    if (!isDue && !isLast) return;
    const entry = { floor, recordedUs, latestUs };
    await this.#write(entry);
    this.#recorded.push(entry);
    if (this.#recorded.length > SLOTS) this.#recorded.shift();
    this.#isSetBack = false;
  }

  /** The first so many. */
  #keep(count: number): void {
    const gone = this.#recorded.slice(count).map(slotOf);
    if (gone.length > 0 && this.#toDelete !== 'all')
      this.#toDelete = count === 0 ? 'all' : new Set([...this.#toDelete, ...gone]);
    this.#recorded = this.#recorded.slice(0, count);
    this.#isSetBack = true;
  }

  #write(entry: RecordedFloor): Promise<unknown> {
    const { floor, recordedUs, latestUs } = entry;
    return this.#session.execute(
      INSERT,
      [slotOf(entry), recordedUs, floor.sequence, floor.streamCreated, floor.messageUs, latestUs],
      { timestampUs: this.#clock.next() },
    );
  }

  /** The newest that is old enough. */
  #placeBefore(lostSinceUs: number, latestUs: number): number | undefined {
    const untilUs = Math.min(lostSinceUs - this.#times.setBackSeconds * 1e6, latestUs);
    const place = this.#recorded.findLastIndex(({ recordedUs }) => recordedUs <= untilUs);
    return place < 0 ? undefined : place;
  }
}

function slotOf({ recordedUs }: RecordedFloor): number {
  return Math.floor(recordedUs / 1e6) % SLOTS;
}
