import type { LayoutSensor } from '../layout.ts';
import type { CqlSession, CqlValue } from '../session/cql-session.ts';
import { LONGEST_BUCKET_US, type Bucket } from './bucket.ts';
import { bigintBytes } from './sample-table.ts';

/**
 * Which partitions there are: without it, reading would ask for each that there might be. The end is part of the key, so that a bucket that was
 * once longer stays known as long as it was.
 */
export const BUCKETS_TABLE = `CREATE TABLE IF NOT EXISTS buckets (
  sensor bigint, from_t bigint, to_t bigint, PRIMARY KEY ((sensor), from_t, to_t))`;

export const BUCKET_INSERT = 'INSERT INTO buckets (sensor, from_t, to_t) VALUES (?, ?, ?) USING TTL ?';

/** Of a row of the registry in a batch, about: key and marker. */
export const BUCKET_ROW_BYTES = 80;

/** A sensor's partition of the registry, as nodes hash it. */
export function bucketKeyBytes(sensor: LayoutSensor): Uint8Array {
  return bigintBytes(sensor.id);
}

const SELECT = 'SELECT from_t, to_t FROM buckets WHERE sensor = ? AND from_t >= ? AND from_t < ?';
const SELECT_BACKWARDS = `${SELECT} ORDER BY from_t DESC`;

/** Registry rows that are read at once backwards: most often the first one tells. */
const ROWS_BACKWARDS = 20;

/** Buckets of a sensor that are remembered: what comes late, beside what comes now. */
const KNOWN_OF_A_SENSOR = 4;

/** Cassandra refuses a longer life: 20 years. */
const LONGEST_TTL_SECONDS = 20 * 365 * 86_400;
/** A bucket is known for longer than its last sample lives. */
const SPARE_SECONDS = 86_400;

interface KnownBucket extends Bucket {
  readonly registeredMs: number;
}

/** What a writer knows to be in the registry: it asks nobody, and after a start it registers once more. */
export class KnownBuckets {
  readonly #keepDays: number;
  readonly #sensors = new Map<number, KnownBucket[]>();

  constructor(keepDays: number) {
    this.#keepDays = keepDays;
  }

  has(sensor: LayoutSensor, { fromUs, toUs }: Bucket, nowMs: number): boolean {
    const known = this.#sensors.get(sensor.id)?.find((some) => some.fromUs === fromUs && some.toUs === toUs);
    if (known === undefined) return false;
    // The row lives a bucket's length longer than samples do, from its writing on: what is written after that length needs a younger one.
    return this.#keepDays === 0 || nowMs - known.registeredMs < (toUs - fromUs) / 1_000;
  }

  add(sensor: LayoutSensor, bucket: Bucket, registeredMs: number): void {
    const before = this.#sensors.get(sensor.id) ?? [];
    const others = before.filter(({ fromUs }) => fromUs !== bucket.fromUs).slice(1 - KNOWN_OF_A_SENSOR);
    this.#sensors.set(sensor.id, [...others, { ...bucket, registeredMs }]);
  }

  /** The last one by time. */
  last(sensor: LayoutSensor): Bucket | undefined {
    const known = this.#sensors.get(sensor.id) ?? [];
    return known.reduce<Bucket | undefined>(
      (last, some) => (last === undefined || some.fromUs > last.fromUs ? some : last),
      undefined,
    );
  }

  clear(): void {
    this.#sensors.clear();
  }

  /** What {@link BUCKET_INSERT} binds. */
  valuesOf(sensor: LayoutSensor, { fromUs, toUs }: Bucket): CqlValue[] {
    const seconds = this.#keepDays * 86_400 + (toUs - fromUs) / 1e6 + SPARE_SECONDS;
    const ttl = this.#keepDays === 0 ? 0 : Math.min(Math.ceil(seconds), LONGEST_TTL_SECONDS);
    return [sensor.id, fromUs, toUs, ttl];
  }
}

/** Reads which partitions there are. */
export class BucketRegistry {
  readonly #session: CqlSession;

  constructor(session: CqlSession) {
    this.#session = session;
  }

  /** Those with any time of startUs <= time < endUs, by their beginning, each once. */
  async between(sensor: LayoutSensor, startUs: number, endUs: number): Promise<Bucket[]> {
    const found: Bucket[] = [];
    const values = [sensor.id, wholeUs(startUs - LONGEST_BUCKET_US), wholeUs(endUs)];
    for await (const rows of this.#session.pages(SELECT, values)) {
      for (const { from_t, to_t } of rows) {
        const bucket = { fromUs: from_t as number, toUs: to_t as number };
        // Of one beginning the longest comes last.
        if (found.at(-1)?.fromUs === bucket.fromUs) found.pop();
        found.push(bucket);
      }
    }
    return found.filter(({ toUs }) => toUs > startUs);
  }

  /** Those that begin before a time, the last first; of one beginning there may be several. */
  async *backwards(sensor: LayoutSensor, timeUs: number, notBeforeUs: number): AsyncGenerator<Bucket> {
    const values = [sensor.id, wholeUs(notBeforeUs - LONGEST_BUCKET_US), wholeUs(timeUs)];
    const pages = this.#session.pages(SELECT_BACKWARDS, values, { fetchSize: ROWS_BACKWARDS });
    for await (const rows of pages) {
      for (const { from_t, to_t } of rows) yield { fromUs: from_t as number, toUs: to_t as number };
    }
  }
}

/** A time as `bigint` takes it. */
export function wholeUs(timeUs: number): number {
  return Math.ceil(Math.min(Math.max(timeUs, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER));
}
