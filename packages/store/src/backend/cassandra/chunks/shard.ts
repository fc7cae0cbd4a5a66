/** Sensor ids are below it, and spread evenly: they are hashes. */
const IDS = 2 ** 52;

export const MOST_SHARDS = 256;

/** So many sensors share a shard: reading one of them passes over the others. */
const SENSORS_A_SHARD = 64;

/** A power of two: a shard of few is the union of some shards of many. */
export function shardsFor(sensors: number): number {
  let shards = 1;
  while (shards < MOST_SHARDS && shards * SENSORS_A_SHARD < sensors) shards *= 2;
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
