/** Sensor ids are below it, and spread evenly: they are hashes. */
const IDS = 2 ** 52;

const MOST_SHARDS = 256;

/**
 * So many samples a second share a shard: enough of a batch to make up a row that is worth a request, few enough that reading one sensor of an
 * hour passes over some million samples at the most.
 */
const SAMPLES_A_SECOND = 320;

/** A power of two: a shard of few is the union of some shards of many. */
export function shardsFor(samplesASecond: number): number {
  let shards = 1;
  while (shards < MOST_SHARDS && shards * SAMPLES_A_SECOND < samplesASecond) shards *= 2;
  return shards;
}

export function shardOf(sensor: number, shards: number): number {
  return Math.floor((sensor / IDS) * shards);
}

/** Those of so many shards that together are one of fewer. */
export function shardsWithin(shard: number, fewer: number, shards: number): number[] {
  const within = shards / fewer;
  return Array.from({ length: within }, (_, place) => shard * within + place);
}
