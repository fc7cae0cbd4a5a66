import { StoreError } from '../../../errors.ts';
import type { ChunkBuckets } from './chunk-buckets.ts';
import type { ChunkTable } from './chunk-table.ts';
import type { SealedChunks, SealedPartition } from './sealed-chunks.ts';

/** Partitions that are asked for at once, and such requests. */
const PARTITIONS_TOGETHER = 64;
const REQUESTS_AT_ONCE = 4;

/** Looks whether what was sealed is there: a node that was away meanwhile may have lost what it had acknowledged last. */
export class ChunkVerification {
  readonly #chunks: ChunkTable;
  readonly #buckets: ChunkBuckets;
  readonly #check: () => void;

  /** @param check called often; throws when the work is to end */
  constructor(chunks: ChunkTable, buckets: ChunkBuckets, check: () => void) {
    this.#chunks = chunks;
    this.#buckets = buckets;
    this.#check = check;
  }

  /** @throws {StoreError} IO: something is not there; it is to be sealed again */
  async verify(sealed: SealedChunks): Promise<void> {
    const groups = groupsOf(sealed);
    const work = async () => {
      for (const { bucket, partitions } of groups) {
        this.#check();
        await this.#verifyBuckets(partitions.filter(({ isNew }) => isNew));
        await this.#verifyChunks(
          bucket,
          partitions.filter(({ counts }) => counts.size > 0),
        );
      }
    };
    const outcomes = await Promise.allSettled(Array.from({ length: REQUESTS_AT_ONCE }, work));
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  async #verifyBuckets(partitions: readonly SealedPartition[]): Promise<void> {
    const [first] = partitions;
    if (first === undefined) return;
    const { fromUs } = first.range;
    const known = await this.#buckets.ofSensors(sensorsOf(partitions), fromUs, fromUs + 1);
    for (const { sensor } of partitions) {
      if (known.get(sensor)?.some((bucket) => bucket.fromUs === fromUs) === true) continue;
      throw lost(`bucket ${fromUs} of sensor ${sensor}`);
    }
  }

  async #verifyChunks(bucket: number, partitions: readonly SealedPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    let firstUs = Infinity;
    let lastUs = -Infinity;
    for (const { counts } of partitions) {
      for (const fromUs of counts.keys()) {
        firstUs = Math.min(firstUs, fromUs);
        lastUs = Math.max(lastUs, fromUs);
      }
    }
    const sensors = sensorsOf(partitions);
    const rows = await this.#chunks.beginnings(sensors, bucket, firstUs, lastUs + 1);
    for (const { sensor, counts } of partitions) {
      const found = new Map(rows.get(sensor)?.map(({ fromUs, count }) => [fromUs, count]));
      for (const [fromUs, count] of counts) {
        if (found.get(fromUs) !== count) throw lost(`chunk of sensor ${sensor}, from ${fromUs}`);
      }
    }
  }
}

interface Group {
  readonly bucket: number;
  readonly partitions: readonly SealedPartition[];
}

/** Partitions of one bucket, some of them together. */
function* groupsOf(sealed: SealedChunks): Generator<Group, void, void> {
  for (const [bucket, partitions] of Map.groupBy(sealed.partitions(), ({ bucket }) => bucket)) {
    for (let from = 0; from < partitions.length; from += PARTITIONS_TOGETHER) {
      yield { bucket, partitions: partitions.slice(from, from + PARTITIONS_TOGETHER) };
    }
  }
}

function sensorsOf(partitions: readonly SealedPartition[]): number[] {
  return partitions.map(({ sensor }) => sensor);
}

function lost(what: string): StoreError {
  return new StoreError(
    'IO',
    `${what}: is not in Cassandra as it was written: the journal is sealed once more`,
  );
}
