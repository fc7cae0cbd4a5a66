/** Sensor ids are below it, and spread evenly: they are hashes. */
const IDS = 2 ** 52;

const MOST_SHARDS = 256;

/**
 * So many samples a second share a shard: enough of a batch to make up a row that is worth a request, few enough that reading one sensor of an
 * hour passes over some million samples at the most.
 */
export const SHARD_SAMPLES_A_SECOND = 320;

/** Sensors with from <= id < to. */
export interface SensorRange {
  readonly from: number;
  readonly to: number;
}

/** A power of two: a shard of few is the union of some shards of many. */
export function shardsFor(samplesASecond: number): number {
  let shards = 1;
  while (shards < MOST_SHARDS && shards * SHARD_SAMPLES_A_SECOND < samplesASecond) shards *= 2;
  return shards;
}

export function shardOf(sensor: number, shards: number): number {
  return Math.floor((sensor / IDS) * shards);
}

/** The sensors of one of so many shards. */
export function rangeOf(shard: number, shards: number): SensorRange {
  return { from: (shard * IDS) / shards, to: ((shard + 1) * IDS) / shards };
}

/** Those of so many shards that have any of the sensors. */
export function shardsWith({ from, to }: SensorRange, shards: number): number[] {
  const first = shardOf(from, shards);
  return Array.from({ length: shardOf(to - 1, shards) - first + 1 }, (_, place) => first + place);
}
