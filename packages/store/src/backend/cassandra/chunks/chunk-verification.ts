import { StoreError } from '../../../errors.ts';
import type { ChunkBuckets } from './chunk-buckets.ts';
import type { ChunkTable } from './chunk-table.ts';
import type { SealedChunks, SealedPartition } from './sealed-chunks.ts';

const PARTITIONS_AT_ONCE = 16;

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
    const partitions = sealed.partitions()[Symbol.iterator]();
    const work = async () => {
      for (let step = partitions.next(); step.done !== true; step = partitions.next()) {
        this.#check();
        await this.#verifyOne(step.value);
      }
    };
    await Promise.all(Array.from({ length: PARTITIONS_AT_ONCE }, work));
  }

  async #verifyOne(partition: SealedPartition): Promise<void> {
    const { sensor, bucket, counts, isNew, range } = partition;
    if (isNew) {
      const [found] = await this.#buckets.between(sensor, range.fromUs, range.fromUs + 1);
      if (found?.fromUs !== range.fromUs) throw lost(`bucket ${bucket} of sensor ${sensor}`);
    }
    const begins = [...counts.keys()];
    if (begins.length === 0) return;
    const found = await this.#chunks.counts(
      partition,
      begins.reduce((least, us) => Math.min(least, us)),
      begins.reduce((most, us) => Math.max(most, us)),
    );
    for (const [fromUs, count] of counts) {
      if (found.get(fromUs) !== count) throw lost(`chunk of sensor ${sensor}, from ${fromUs}`);
    }
  }
}

function lost(what: string): StoreError {
  return new StoreError(
    'IO',
    `${what}: is not in Cassandra as it was written: the journal is sealed once more`,
  );
}
