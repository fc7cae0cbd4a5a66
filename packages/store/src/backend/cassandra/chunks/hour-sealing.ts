import { ChunkCutter } from '../../../chunk/chunk-cutter.ts';
import type { ColumnBlock } from '../../column-block.ts';
import { placeOf, sliceBlock } from '../../sample-block.ts';
import type { WriteClock } from '../catalogue/write-clock.ts';
import { layOver, within, type Arrived } from './arrived.ts';
import { bucketFor, widthFor, type ChunkBucket, type ChunkBuckets } from './chunk-buckets.ts';
import { HOUR_US, type ChunkRow, type ChunkTable, type Partition } from './chunk-table.ts';
import type { SealedChunks } from './sealed-chunks.ts';

/** What was read longer ago is not written over: another keeper may have been there. */
const STALE_MS = 20_000;

/** About what a sample takes in a chunk. */
const SAMPLE_BYTES = 8;

export interface HourSealingParts {
  readonly chunks: ChunkTable;
  readonly buckets: ChunkBuckets;
  readonly clock: WriteClock;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0: for ever. */
  readonly keepDays: number;
}

/** Samples of one sensor and one hour of their time. */
export interface SensorHour {
  readonly sensor: number;
  readonly hourUs: number;
  readonly samples: Arrived;
}

/** A part of an hour: from here up to the next one. */
interface HourPiece {
  readonly fromUs: number;
  readonly toUs: number;
  readonly row: ChunkRow | undefined;
}

/** Lays samples over the chunks of an hour. Again and again is as once. */
export class HourSealing {
  readonly #parts: HourSealingParts;
  /** Of each sensor, the bucket that was found last. */
  readonly #known = new Map<number, ChunkBucket>();

  constructor(parts: HourSealingParts) {
    this.#parts = parts;
  }

  /** Forgets what it knows of the registry: another keeper may have been at work. */
  forget(): void {
    this.#known.clear();
  }

  /** @throws {StoreError} */
  async seal(hour: SensorHour, sealed: SealedChunks): Promise<void> {
    const ttlSeconds = this.#ttlSeconds(hour.hourUs);
    if (ttlSeconds === undefined) return;
    const range = await this.#bucketOf(hour, sealed);
    while (!(await this.#sealNow(hour, range, ttlSeconds, sealed)));
  }

  /** @returns false when it has taken so long that it has to look again */
  async #sealNow(
    { sensor, hourUs, samples }: SensorHour,
    range: ChunkBucket,
    ttlSeconds: number,
    sealed: SealedChunks,
  ): Promise<boolean> {
    const { chunks, clock } = this.#parts;
    const partition: Partition = { sensor, bucket: range.fromUs };
    const startedMs = performance.now();
    // Before it is read: of two who do this at once, the one that has read later wins.
    const timestampUs = clock.next();
    const rows: ChunkRow[] = [];
    for await (const page of chunks.summaries(partition, hourUs, hourUs + HOUR_US)) rows.push(...page);
    // The last one first: what a chunk loses is in the next one already.
    for (const { fromUs, toUs, row } of piecesOf(hourUs, rows).toReversed()) {
      const late = within(samples, fromUs, toUs);
      if (late.block.length === 0) continue;
      const merged = row === undefined ? late : await this.#laidOver(partition, row, toUs, late);
      if (merged === undefined) continue;
      const receivedToUs = late.received.reduce(
        (most, us) => Math.max(most, us),
        row?.receivedToUs ?? -Infinity,
      );
      for (const [place, block] of [...cut(merged.block).entries()].toReversed()) {
        if (performance.now() - startedMs > STALE_MS) return false;
        const beginUs = place === 0 ? fromUs : block.timesUs[0]!;
        await chunks.write(partition, { fromUs: beginUs, block, receivedToUs }, timestampUs, ttlSeconds);
        sealed.written(partition, range, beginUs, block.length);
      }
    }
    return true;
  }

  /** @returns undefined when nothing changes */
  async #laidOver(
    partition: Partition,
    row: ChunkRow,
    toUs: number,
    late: Arrived,
  ): Promise<Arrived | undefined> {
    const full = await this.#parts.chunks.chunk(partition, row.fromUs);
    if (full?.chunk === undefined) return late;
    const chunk = sliceBlock(full.chunk, 0, placeOf(full.chunk, toUs));
    return layOver(chunk, full.receivedToUs, late);
  }

  async #bucketOf({ sensor, hourUs, samples }: SensorHour, sealed: SealedChunks): Promise<ChunkBucket> {
    const { buckets, chunks, clock } = this.#parts;
    const widthUs = widthFor(samples.block.length * SAMPLE_BYTES);
    const known = this.#known.get(sensor);
    if (known !== undefined && has(known, hourUs) && known.toUs - known.fromUs <= widthUs) return known;
    const others = await buckets.around(sensor, hourUs);
    const present = others.find((bucket) => has(bucket, hourUs));
    if (present !== undefined) {
      this.#known.set(sensor, present);
      const isTooLong = present.toUs - present.fromUs > widthUs && hourUs > present.fromUs;
      const partition = { sensor, bucket: present.fromUs };
      // What it has from here on must stay where it is.
      if (!isTooLong || (await chunks.hasFrom(partition, hourUs))) return present;
    }
    const bucket = bucketFor(hourUs, widthUs, others);
    await buckets.register(sensor, bucket, clock.next());
    sealed.registered({ sensor, bucket: bucket.fromUs }, bucket);
    this.#known.set(sensor, bucket);
    return bucket;
  }

  /** @returns undefined when samples of that hour are kept no longer */
  #ttlSeconds(hourUs: number): number | undefined {
    const { keepDays, now } = this.#parts;
    if (keepDays === 0) return 0;
    const seconds = Math.ceil(keepDays * 86_400 + (hourUs + HOUR_US) / 1e6 - now() / 1_000);
    return seconds > 0 ? seconds : undefined;
  }
}

function has({ fromUs, toUs }: ChunkBucket, timeUs: number): boolean {
  return fromUs <= timeUs && timeUs < toUs;
}

/** An hour without a gap, as its rows part it. */
function piecesOf(hourUs: number, rows: readonly ChunkRow[]): HourPiece[] {
  const pieces: HourPiece[] = rows.map((row, place) => ({
    fromUs: row.fromUs,
    toUs: rows[place + 1]?.fromUs ?? hourUs + HOUR_US,
    row,
  }));
  const firstUs = rows[0]?.fromUs ?? hourUs + HOUR_US;
  if (firstUs > hourUs) pieces.unshift({ fromUs: hourUs, toUs: firstUs, row: undefined });
  return pieces;
}

function cut(block: ColumnBlock): ColumnBlock[] {
  const parts: ColumnBlock[] = [];
  const cutter = new ChunkCutter((part) => parts.push(part));
  cutter.add(block);
  cutter.end();
  return parts;
}
