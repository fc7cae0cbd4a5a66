import type { ColumnBlock } from '../../column-block.ts';
import { newColumns } from '../../sample-block.ts';
import type { LayoutBatch } from '../layout.ts';
import type { JournalSamples } from './journal-part.ts';
import { shardOf } from './shard.ts';

/** Most samples of a row of the journal: some milliseconds of work. */
export const MOST_PART_SAMPLES = 16_384;

/** About the most text of one, in UTF-16 units; a longer text goes alone. */
const MOST_PART_TEXT = 1024 ** 2;

/** Samples of one shard: what becomes a row of the journal. */
export interface BatchPart {
  readonly shard: number;
  readonly samples: JournalSamples;
}

/** The sensors of a batch, in the order in which they come in it. */
interface BatchSensors {
  /** By row: which of them. */
  readonly ofRow: Int32Array;
  readonly ids: readonly number[];
  readonly counts: readonly number[];
}

/** The samples of a batch by shard and sensor. */
export class BatchParts {
  readonly #batch: LayoutBatch;
  readonly #sensors: BatchSensors;

  constructor(batch: LayoutBatch) {
    this.#batch = batch;
    this.#sensors = sensorsOf(batch);
  }

  /** Sensor after sensor; of each in the order of the batch. */
  *of(shards: number): Generator<BatchPart, void, void> {
    const { rows, ends } = this.#inOrder(shards);
    let from = 0;
    for (const [shard, end] of ends.entries()) {
      while (from < end) {
        const to = this.#endOfPart(rows, from, end);
        yield { shard, samples: this.#gather(rows.subarray(from, to)) };
        from = to;
      }
    }
  }

  /**
   * Rows by shard, sensor and row, and where each shard's end: a counting sort. (Not within the generator, whose loops stay slow.)
   */
  #inOrder(shards: number): { readonly rows: Int32Array; readonly ends: Int32Array } {
    const { ofRow, ids, counts } = this.#sensors;
    const length = this.#batch.columns.count;
    const shardOfSensor = Uint16Array.from(ids, (id) => shardOf(id, shards));
    const ends = new Int32Array(shards);
    for (let sensor = 0; sensor < ids.length; sensor++) ends[shardOfSensor[sensor]!]! += counts[sensor]!;
    for (let shard = 1; shard < shards; shard++) ends[shard]! += ends[shard - 1]!;
    // Where the next row of each sensor goes: in each shard, sensor after sensor.
    const next = new Int32Array(ids.length);
    const filled = new Int32Array(shards);
    for (let sensor = 0; sensor < ids.length; sensor++) {
      const shard = shardOfSensor[sensor]!;
      next[sensor] = (shard === 0 ? 0 : ends[shard - 1]!) + filled[shard]!;
      filled[shard]! += counts[sensor]!;
    }
    const rows = new Int32Array(length);
    for (let row = 0; row < length; row++) rows[next[ofRow[row]!]!++] = row;
    return { rows, ends };
  }

  #endOfPart(rows: Int32Array, from: number, end: number): number {
    const { texts } = this.#batch.columns;
    const most = Math.min(end, from + MOST_PART_SAMPLES);
    if (texts.size === 0) return most;
    let units = 0;
    for (let place = from; place < most; place++) {
      units += texts.get(rows[place]!)?.length ?? 0;
      if (units > MOST_PART_TEXT) return Math.max(from + 1, place);
    }
    return most;
  }

  #gather(rows: Int32Array): JournalSamples {
    const { columns, received } = this.#batch;
    const { ofRow, ids } = this.#sensors;
    const block = newColumns(rows.length);
    const receivedUs = new Float64Array(rows.length);
    const sensors: number[] = [];
    const counts: number[] = [];
    let sensor = -1;
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place]!;
      block.timesUs[place] = columns.times[row]!;
      block.valueTimesUs[place] = columns.valueTimes[row]!;
      block.statuses[place] = columns.statuses[row]!;
      block.kinds[place] = columns.kinds[row]!;
      block.numbers[place] = columns.values[row]!;
      receivedUs[place] = Math.round(received[row]!);
      if (ofRow[row] === sensor) counts[counts.length - 1]! += 1;
      else {
        sensor = ofRow[row]!;
        sensors.push(ids[sensor]!);
        counts.push(1);
      }
    }
    return {
      block: { ...block, texts: textsOf(columns.texts, rows) },
      received: receivedUs,
      sensors: Float64Array.from(sensors),
      counts: Float64Array.from(counts),
    };
  }
}

function textsOf(texts: ReadonlyMap<number, string>, rows: Int32Array): ColumnBlock['texts'] {
  if (texts.size === 0) return undefined;
  const some = Array.from(rows, (row) => texts.get(row));
  return some.some((text) => text !== undefined) ? some : undefined;
}

function sensorsOf(batch: LayoutBatch): BatchSensors {
  const { count, sensors } = batch.columns;
  const ofRow = new Int32Array(count);
  let most = -1;
  for (let row = 0; row < count; row++) most = Math.max(most, sensors[row]!);
  /** By number: which sensor of the batch, plus one. */
  const places = new Int32Array(most + 1);
  const ids: number[] = [];
  const counts: number[] = [];
  for (let row = 0; row < count; row++) {
    const number = sensors[row]!;
    let place = places[number]! - 1;
    if (place < 0) {
      place = ids.length;
      places[number] = place + 1;
      ids.push(batch.sensorOf(number).id);
      counts.push(0);
    }
    ofRow[row] = place;
    counts[place]! += 1;
  }
  return { ofRow, ids, counts };
}
