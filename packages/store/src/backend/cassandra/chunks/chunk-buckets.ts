import type { CqlSession } from '../session/cql-session.ts';
import { HOUR_US } from './chunk-table.ts';

const SELECT = 'SELECT from_t, to_t FROM chunk_buckets WHERE sensor = ? AND from_t >= ? AND from_t < ?';
const INSERT = 'INSERT INTO chunk_buckets (sensor, from_t, to_t) VALUES (?, ?, ?)';

const DAY_US = 24 * HOUR_US;

/** How long a partition may be, the longest first. */
const WIDTHS_US = [300 * DAY_US, 10 * DAY_US, DAY_US, HOUR_US];
const LONGEST_US = WIDTHS_US[0]!;

/** About what a partition of chunks may have, bytes. */
const MOST_BUCKET_BYTES = 8 * 1024 ** 2;

/** A stretch of a sensor's time whose chunks are one partition. */
export interface ChunkBucket {
  /** Names the partition. */
  readonly fromUs: number;
  readonly toUs: number;
}

/** The longest width with which a sensor's partition stays small enough. @param hourBytes what an hour of it takes */
export function widthFor(hourBytes: number): number {
  const fits = (widthUs: number) => (hourBytes * widthUs) / HOUR_US <= MOST_BUCKET_BYTES;
  return WIDTHS_US.find(fits) ?? HOUR_US;
}

/** The bucket of that width that has an hour, between those that there are. */
export function bucketFor(hourUs: number, widthUs: number, others: readonly ChunkBucket[]): ChunkBucket {
  const beginUs = Math.floor(hourUs / widthUs) * widthUs;
  const before = others.findLast(({ fromUs }) => fromUs <= hourUs);
  const after = others.find(({ fromUs }) => fromUs > hourUs);
  return {
    fromUs: Math.max(beginUs, Math.min(before?.toUs ?? -Infinity, hourUs)),
    toUs: Math.min(beginUs + widthUs, after?.fromUs ?? Infinity),
  };
}

/** Which partitions of chunks there are. */
export class ChunkBuckets {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** Those with any time of startUs <= time < endUs, in their order; none overlaps another. */
  async between(sensor: number, startUs: number, endUs: number): Promise<ChunkBucket[]> {
    const rows: ChunkBucket[] = [];
    const values = [sensor, wholeUs(startUs - LONGEST_US), wholeUs(endUs)];
    for await (const page of this.#session.pages(SELECT, values)) {
      for (const { from_t, to_t } of page) rows.push({ fromUs: from_t as number, toUs: to_t as number });
    }
    // A bucket ends where the next one begins.
    return rows
      .map(({ fromUs, toUs }, place) => ({ fromUs, toUs: Math.min(toUs, rows[place + 1]?.fromUs ?? toUs) }))
      .filter(({ toUs }) => toUs > startUs);
  }

  /** Those around an hour: all that a bucket which has it could meet. */
  around(sensor: number, hourUs: number): Promise<ChunkBucket[]> {
    return this.between(sensor, hourUs - LONGEST_US, hourUs + LONGEST_US);
  }

  async register(sensor: number, { fromUs, toUs }: ChunkBucket, timestampUs: number): Promise<void> {
    await this.#session.execute(INSERT, [sensor, fromUs, toUs], { timestampUs });
  }
}

/** A time as `bigint` takes it. */
function wholeUs(timeUs: number): number {
  return Math.ceil(Math.min(Math.max(timeUs, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}
