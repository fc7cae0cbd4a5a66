import { LoopTurns } from '@katbus/bus/loop-turns';
import { ChunkCutter } from '../../../chunk/chunk-cutter.ts';
import type { ColumnBlock } from '../../column-block.ts';
import { placeOf, sliceBlock } from '../../sample-block.ts';
import { BatchSender, type BatchSenderOptions } from '../batch-sender.ts';
import { compositeKey } from '../rows/sample-table.ts';
import type { CqlValue } from '../session/cql-session.ts';
import { layOver, within, type Arrived } from './arrived.ts';
import { BucketChoice, type BucketChoiceParts, type PlacedHour, type SensorHour } from './bucket-choice.ts';
import {
  CHUNK_INSERT,
  chunkValues,
  HOUR_US,
  type ChunkBeginning,
  type FullChunk,
  type NewChunk,
} from './chunk-table.ts';
import type { SealedChunks } from './sealed-chunks.ts';
import { hourOf } from './sensor-chunks.ts';
import type { SensorSamples } from './shard-samples.ts';

/** What was read longer ago is not written over: another keeper may have been there. */
const STALE_MS = 20_000;

const TURN_MS = 10;

/** Chunks of one partition that go into one batch, about: Cassandra takes half a segment of its commit log, 16 MiB. */
const BATCH_BYTES = 1024 ** 2;

/** Of a row beside its `data`, about: key, summary, and what Cassandra counts for each cell. */
const ROW_BYTES = 400;

/** Small chunks share batches, below what Cassandra warns of. */
const SENDING: BatchSenderOptions = { batchesAhead: 8, partitionsPerBatch: 10, sharedBatchBytes: 4 * 1024 };

export interface HourSealingParts extends BucketChoiceParts {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** 0: for ever. */
  readonly keepDays: number;
}

/** A part of an hour: from here up to the next one. */
interface HourPiece {
  readonly fromUs: number;
  readonly toUs: number;
  readonly row: ChunkBeginning | undefined;
}

/** Of one hour and one bucket. */
interface SameHour {
  readonly hourUs: number;
  readonly bucket: number;
  readonly ttlSeconds: number;
}

/** Chunks that are there, with their samples, by sensor and beginning. */
type FullChunks = ReadonlyMap<number, ReadonlyMap<number, FullChunk>>;

/** Lays samples over the chunks of their hours, of many sensors at once. Again and again is as once. */
export class HourSealing {
  readonly #parts: HourSealingParts;

  constructor(parts: HourSealingParts) {
    this.#parts = parts;
  }

  /** @param sensors each once @throws {StoreError} */
  async seal(sensors: readonly SensorSamples[], sealed: SealedChunks): Promise<void> {
    const firstUs = sensors.reduce(
      (least, { samples }) => Math.min(least, samples.block.timesUs[0]!),
      Infinity,
    );
    const lastUs = sensors.reduce(
      (most, { samples }) => Math.max(most, samples.block.timesUs.at(-1)!),
      -Infinity,
    );
    const ids = sensors.map(({ sensor }) => sensor);
    const choice = await BucketChoice.among(this.#parts, SENDING, ids, hourOf(firstUs), hourOf(lastUs));
    // One sensor's hours go one after the other: each finds the buckets of those before.
    for (const hours of rounds(sensors)) {
      const kept = hours.filter(({ hourUs }) => this.#ttlSeconds(hourUs) !== undefined);
      const placed = await choice.place(kept, sealed);
      const together = Map.groupBy(placed, ({ hourUs, bucket }) => `${hourUs}/${bucket.fromUs}`);
      for (let rest of together.values()) while (rest.length > 0) rest = await this.#sealSome(rest, sealed);
    }
  }

  /**
   * @param hours of different sensors, the same hour in the same bucket
   * @returns those that have taken so long that they have to be looked at again
   */
  async #sealSome(hours: readonly PlacedHour[], sealed: SealedChunks): Promise<PlacedHour[]> {
    const { session, chunks, clock } = this.#parts;
    const { hourUs, bucket } = hours[0]!;
    const same = { hourUs, bucket: bucket.fromUs, ttlSeconds: this.#ttlSeconds(hourUs) ?? 1 };
    const staleMs = performance.now() + STALE_MS;
    // Before they are read: of two who do this at once, the one that has read later wins.
    const timestampUs = clock.next();
    const sensors = hours.map(({ sensor }) => sensor);
    const rows = await chunks.beginnings(sensors, same.bucket, hourUs, hourUs + HOUR_US);
    const full: FullChunks = rows.size === 0 ? new Map() : await this.#chunksBelow(hours, same, rows);
    const sender = new BatchSender(session, CHUNK_INSERT, timestampUs, SENDING);
    const turns = new LoopTurns({ mostMs: TURN_MS });
    const late: PlacedHour[] = [];
    try {
      for (const hour of hours) {
        const chunks = chunksOf(hour, rows.get(hour.sensor) ?? [], full);
        const isWritten = await this.#write(sender, hour, chunks, same.ttlSeconds, timestampUs, staleMs);
        if (!isWritten) late.push(hour);
        else
          for (const { fromUs, block } of chunks) {
            sealed.written({ sensor: hour.sensor, bucket: same.bucket }, bucket, fromUs, block.length);
          }
        if (turns.isOver) await turns.next();
      }
      await sender.finish();
    } finally {
      await sender.settled();
    }
    return late;
  }

  /** Those that anything comes over. */
  async #chunksBelow(
    hours: readonly PlacedHour[],
    { hourUs, bucket }: SameHour,
    rows: ReadonlyMap<number, readonly ChunkBeginning[]>,
  ): Promise<FullChunks> {
    const sensors: number[] = [];
    let firstUs = Infinity;
    let lastUs = -Infinity;
    for (const { sensor, samples } of hours) {
      for (const { fromUs, toUs, row } of piecesOf(hourUs, rows.get(sensor) ?? [])) {
        if (row === undefined || within(samples, fromUs, toUs).block.length === 0) continue;
        if (sensors.at(-1) !== sensor) sensors.push(sensor);
        firstUs = Math.min(firstUs, fromUs);
        lastUs = Math.max(lastUs, fromUs);
      }
    }
    const full = new Map<number, Map<number, FullChunk>>(sensors.map((sensor) => [sensor, new Map()]));
    if (sensors.length === 0) return full;
    for await (const row of this.#parts.chunks.chunks(sensors, bucket, firstUs, lastUs + 1)) {
      full.get(row.sensor)!.set(row.fromUs, row);
    }
    return full;
  }

  /** @param chunks in their order @returns false: it has taken too long, some may be written */
  async #write(
    sender: BatchSender,
    { sensor, bucket }: PlacedHour,
    chunks: readonly NewChunk[],
    ttlSeconds: number,
    timestampUs: number,
    staleMs: number,
  ): Promise<boolean> {
    const partition = { sensor, bucket: bucket.fromUs };
    let rows: CqlValue[][] = [];
    let bytes = 0;
    // The last one first: what a chunk loses is in the next one already. Those of one batch are written at once or not at all.
    for (const chunk of chunks.toReversed()) {
      if (performance.now() > staleMs) return false;
      const values = chunkValues(partition, chunk, ttlSeconds);
      const rowBytes = ROW_BYTES + (values.find((value) => value instanceof Uint8Array)?.length ?? 0);
      if (rows.length > 0 && bytes + rowBytes > BATCH_BYTES) {
        await this.#parts.session.batch(CHUNK_INSERT, rows, timestampUs);
        rows = [];
        bytes = 0;
      }
      rows.push(values);
      bytes += rowBytes;
    }
    if (rows.length === 1) await sender.shared(() => compositeKey(sensor, bucket.fromUs), rows, bytes);
    else if (rows.length > 1) await sender.alone(rows);
    return true;
  }

  /** @returns undefined when samples of that hour are kept no longer */
  #ttlSeconds(hourUs: number): number | undefined {
    const { keepDays, now } = this.#parts;
    if (keepDays === 0) return 0;
    const seconds = Math.ceil(keepDays * 86_400 + (hourUs + HOUR_US) / 1e6 - now() / 1_000);
    return seconds > 0 ? seconds : undefined;
  }
}

/** What is to be written of an hour, in order. */
function chunksOf(
  { sensor, hourUs, samples }: SensorHour,
  rows: readonly ChunkBeginning[],
  full: FullChunks,
): NewChunk[] {
  const chunks: NewChunk[] = [];
  for (const { fromUs, toUs, row } of piecesOf(hourUs, rows)) {
    const late = within(samples, fromUs, toUs);
    if (late.block.length === 0) continue;
    const below = row && full.get(sensor)?.get(fromUs);
    const merged = below === undefined ? late : laidOver(below, toUs, late);
    if (merged === undefined) continue;
    const receivedToUs = late.received.reduce(
      (most, us) => Math.max(most, us),
      below?.receivedToUs ?? -Infinity,
    );
    for (const [place, block] of cut(merged.block).entries()) {
      chunks.push({ fromUs: place === 0 ? fromUs : block.timesUs[0]!, block, receivedToUs });
    }
  }
  return chunks;
}

/** @returns undefined when nothing changes */
function laidOver({ block, receivedToUs }: FullChunk, toUs: number, late: Arrived): Arrived | undefined {
  return layOver(sliceBlock(block, 0, placeOf(block, toUs)), receivedToUs, late);
}

/** The hours of several sensors, so that each comes once in a round. */
function* rounds(sensors: readonly SensorSamples[]): Generator<SensorHour[], void, void> {
  let rest = sensors;
  while (rest.length > 0) {
    const hours: SensorHour[] = [];
    const later: SensorSamples[] = [];
    for (const { sensor, samples } of rest) {
      const hourUs = hourOf(samples.block.timesUs[0]!);
      hours.push({ sensor, hourUs, samples: within(samples, hourUs, hourUs + HOUR_US) });
      const others = within(samples, hourUs + HOUR_US, Infinity);
      if (others.block.length > 0) later.push({ sensor, samples: others });
    }
    yield hours;
    rest = later;
  }
}

/** An hour without a gap, as its rows part it. */
function piecesOf(hourUs: number, rows: readonly ChunkBeginning[]): HourPiece[] {
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
