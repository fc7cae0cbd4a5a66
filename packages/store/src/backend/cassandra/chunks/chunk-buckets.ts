import type { CqlRow, CqlSession } from '../session/cql-session.ts';
import { HOUR_US } from './chunk-table.ts';

const SELECT = 'SELECT from_t, to_t FROM chunk_buckets WHERE sensor = ? AND from_t >= ? AND from_t < ?';
const OF_SENSORS =
  'SELECT sensor, from_t, to_t FROM chunk_buckets WHERE sensor IN ? AND from_t >= ? AND from_t < ?';
export const BUCKET_INSERT = 'INSERT INTO chunk_buckets (sensor, from_t, to_t) VALUES (?, ?, ?)';

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
    for await (const page of this.#session.pages(SELECT, values)) rows.push(...page.map(toBucket));
    return apart(rows).filter(({ toUs }) => toUs > startUs);
  }

  /** The same of several sensors, by sensor: those that have none are missing. */
  async ofSensors(
    sensors: readonly number[],
    startUs: number,
    endUs: number,
  ): Promise<Map<number, ChunkBucket[]>> {
    const found = new Map<number, ChunkBucket[]>();
    const values = [sensors, wholeUs(startUs - LONGEST_US), wholeUs(endUs)];
    for await (const page of this.#session.pages(OF_SENSORS, values)) {
      for (const row of page) {
        const sensor = row.sensor as number;
        const others = found.get(sensor);
        if (others === undefined) found.set(sensor, [toBucket(row)]);
        else others.push(toBucket(row));
      }
    }
    for (const [sensor, buckets] of found) found.set(sensor, apart(buckets));
    return found;
  }

  /** Those around some hours: all that buckets which have those could meet. */
  around(sensors: readonly number[], firstHourUs: number, lastHourUs: number) {
    return this.ofSensors(sensors, firstHourUs - LONGEST_US, lastHourUs + LONGEST_US);
  }
}

function toBucket({ from_t, to_t }: CqlRow): ChunkBucket {
  return { fromUs: from_t as number, toUs: to_t as number };
}

/** A bucket ends where the next one begins. @param buckets of one sensor, in order */
export function apart(buckets: readonly ChunkBucket[]): ChunkBucket[] {
  return buckets.map(({ fromUs, toUs }, place) => ({
    fromUs,
    toUs: Math.min(toUs, buckets[place + 1]?.fromUs ?? toUs),
  }));
}

/** A time as `bigint` takes it. */
function wholeUs(timeUs: number): number {
  return Math.ceil(Math.min(Math.max(timeUs, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}
