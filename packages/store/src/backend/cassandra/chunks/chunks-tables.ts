import type { ChunksOptions } from './chunks-options.ts';

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/** A bucket is known for longer than its last chunk: longer than any bucket lasts. */
const LONGEST_BUCKET_DAYS = 301;

/** Cassandra refuses a longer life: 20 years. */
const LONGEST_TTL_SECONDS = 20 * 365 * DAY_SECONDS;

/** `CREATE TABLE IF NOT EXISTS` of the layout; STORAGE.md, "The layout chunks of Cassandra", says what their columns mean. */
export function chunksTables({ tableOptions, keepDays, journalTtlSeconds }: ChunksOptions): string[] {
  const registrySeconds = registryTtlSeconds(journalTtlSeconds);
  const bucketSeconds =
    keepDays === 0 ? 0 : Math.min(LONGEST_TTL_SECONDS, (keepDays + LONGEST_BUCKET_DAYS) * DAY_SECONDS);
  return [
    `CREATE TABLE IF NOT EXISTS journal (
      slice bigint, shard int, part bigint, data blob, PRIMARY KEY ((slice, shard), part)
    ) WITH default_time_to_live = ${journalTtlSeconds} AND ${windows(journalTtlSeconds)} AND gc_grace_seconds = 3600`,
    `CREATE TABLE IF NOT EXISTS slices (
      hour bigint, slice bigint, shards int, first_t bigint, last_t bigint, PRIMARY KEY ((hour), slice)
    ) WITH default_time_to_live = ${registrySeconds} AND ${windows(registrySeconds)} AND gc_grace_seconds = 3600`,
    `CREATE TABLE IF NOT EXISTS sealed (one tinyint PRIMARY KEY, through bigint)`,
    `CREATE TABLE IF NOT EXISTS sealed_shards (
      through bigint, shards int, shard int, chunks int, PRIMARY KEY ((through), shards, shard)
    ) WITH default_time_to_live = ${registrySeconds} AND ${windows(registrySeconds)} AND gc_grace_seconds = 3600`,
    `CREATE TABLE IF NOT EXISTS chunk_buckets (
      sensor bigint, from_t bigint, to_t bigint, PRIMARY KEY ((sensor), from_t)
    ) WITH default_time_to_live = ${bucketSeconds}`,
    `CREATE TABLE IF NOT EXISTS chunks (
      sensor bigint, bucket bigint, from_t bigint, first_t bigint, last_t bigint, count int, numbers int, nans int,
      min double, max double, sum double, first_value double, last_value double, worst tinyint, received_to bigint,
      data blob, PRIMARY KEY ((sensor, bucket), from_t)
    ) ${tableOptions}`,
  ];
}

/** What says that a slice is there outlives the slice, whose last row may be written two minutes after it. */
export function registryTtlSeconds(journalTtlSeconds: number): number {
  return journalTtlSeconds + 2 * HOUR_SECONDS;
}

/** A dozen windows a life: whole files go, and none is half dead for long. */
function windows(ttlSeconds: number): string {
  const hours = Math.max(1, Math.ceil(ttlSeconds / HOUR_SECONDS / 12));
  return `compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'HOURS', 'compaction_window_size': ${hours}}`;
}
