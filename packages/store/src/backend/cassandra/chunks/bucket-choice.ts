import { BatchSender, type BatchSenderOptions } from '../batch-sender.ts';
import type { WriteClock } from '../catalogue/write-clock.ts';
import { bigintBytes } from '../rows/sample-table.ts';
import type { CqlSession } from '../session/cql-session.ts';
import type { Arrived } from './arrived.ts';
import {
  apart,
  BUCKET_INSERT,
  bucketFor,
  widthFor,
  type ChunkBucket,
  type ChunkBuckets,
} from './chunk-buckets.ts';
import type { ChunkTable } from './chunk-table.ts';
import type { SealedChunks } from './sealed-chunks.ts';

/** About what a sample takes in a chunk. */
const SAMPLE_BYTES = 8;

/** Of a row of the registry in a batch, about: key and marker. */
const ROW_BYTES = 80;

/** Samples of one sensor and one hour of their time. */
export interface SensorHour {
  readonly sensor: number;
  readonly hourUs: number;
  readonly samples: Arrived;
}

/** And in which partition they go. */
export interface PlacedHour extends SensorHour {
  readonly bucket: ChunkBucket;
}

export interface BucketChoiceParts {
  readonly session: CqlSession;
  readonly buckets: ChunkBuckets;
  readonly chunks: ChunkTable;
  readonly clock: WriteClock;
}

/** Decides in which buckets hours of some sensors go, and registers the new ones. */
export class BucketChoice {
  readonly #parts: BucketChoiceParts;
  readonly #limits: BatchSenderOptions;
  /** Of each sensor, in order, all that its hours could meet. */
  readonly #known: Map<number, readonly ChunkBucket[]>;

  private constructor(
    parts: BucketChoiceParts,
    limits: BatchSenderOptions,
    known: Map<number, readonly ChunkBucket[]>,
  ) {
    this.#parts = parts;
    this.#limits = limits;
    this.#known = known;
  }

  /** @throws {StoreError} */
  static async among(
    parts: BucketChoiceParts,
    limits: BatchSenderOptions,
    sensors: readonly number[],
    firstHourUs: number,
    lastHourUs: number,
  ): Promise<BucketChoice> {
    return new BucketChoice(parts, limits, await parts.buckets.around(sensors, firstHourUs, lastHourUs));
  }

  /** @param hours of different sensors @throws {StoreError} */
  async place(hours: readonly SensorHour[], sealed: SealedChunks): Promise<PlacedHour[]> {
    const placed: PlacedHour[] = [];
    const tooLong: PlacedHour[] = [];
    const homeless: SensorHour[] = [];
    for (const hour of hours) {
      const bucket = this.#known.get(hour.sensor)?.find((some) => has(some, hour.hourUs));
      if (bucket === undefined) homeless.push(hour);
      else if (hour.hourUs > bucket.fromUs && isLonger(bucket, widthOf(hour)))
        tooLong.push({ ...hour, bucket });
      else placed.push({ ...hour, bucket });
    }
    // What a bucket has from an hour on must stay where it is.
    const together = Map.groupBy(tooLong, ({ hourUs, bucket }) => `${bucket.fromUs}/${hourUs}`);
    for (const some of together.values()) {
      const { bucket, hourUs } = some[0]!;
      const sensors = some.map(({ sensor }) => sensor);
      const bound = await this.#parts.chunks.thoseWithAnyFrom(sensors, bucket.fromUs, hourUs);
      for (const hour of some) (bound.has(hour.sensor) ? placed : homeless).push(hour);
    }
    if (homeless.length > 0) placed.push(...(await this.#makeNew(homeless, sealed)));
    return placed;
  }

  async #makeNew(hours: readonly SensorHour[], sealed: SealedChunks): Promise<PlacedHour[]> {
    const placed = hours.map((hour) => ({
      ...hour,
      bucket: bucketFor(hour.hourUs, widthOf(hour), this.#known.get(hour.sensor) ?? []),
    }));
    const { session, clock } = this.#parts;
    const sender = new BatchSender(session, BUCKET_INSERT, clock.next(), this.#limits);
    try {
      for (const { sensor, bucket } of placed) {
        const row = [sensor, bucket.fromUs, bucket.toUs];
        await sender.shared(() => bigintBytes(sensor), [row], ROW_BYTES);
      }
      await sender.finish();
    } finally {
      await sender.settled();
    }
    for (const { sensor, bucket } of placed) {
      sealed.registered({ sensor, bucket: bucket.fromUs }, bucket);
      const all = [...(this.#known.get(sensor) ?? []), bucket].sort((a, b) => a.fromUs - b.fromUs);
      this.#known.set(sensor, apart(all));
    }
    return placed;
  }
}

function widthOf({ samples }: SensorHour): number {
  return widthFor(samples.block.length * SAMPLE_BYTES);
}

function isLonger({ fromUs, toUs }: ChunkBucket, widthUs: number): boolean {
  return toUs - fromUs > widthUs;
}

function has({ fromUs, toUs }: ChunkBucket, timeUs: number): boolean {
  return fromUs <= timeUs && timeUs < toUs;
}
