import type { ChunkBucket } from './chunk-buckets.ts';
import type { Partition } from './chunk-table.ts';

/** What a partition has of what was sealed. */
export interface SealedPartition extends Partition {
  readonly range: ChunkBucket;
  /** Whether its bucket was registered on this occasion. */
  readonly isNew: boolean;
  /** Samples by the beginning of their chunk. */
  readonly counts: ReadonlyMap<number, number>;
}

/** What was written, to be looked for again. */
export class SealedChunks {
  readonly #partitions = new Map<string, SealedPartition & { isNew: boolean; counts: Map<number, number> }>();
  #chunks = 0;

  /** Chunks written. */
  get chunks(): number {
    return this.#chunks;
  }

  partitions(): Iterable<SealedPartition> {
    return this.#partitions.values();
  }

  registered(partition: Partition, range: ChunkBucket): void {
    this.#of(partition, range).isNew = true;
  }

  written(partition: Partition, range: ChunkBucket, fromUs: number, count: number): void {
    this.#of(partition, range).counts.set(fromUs, count);
    this.#chunks++;
  }

  #of(partition: Partition, range: ChunkBucket) {
    const key = `${partition.sensor}/${partition.bucket}`;
    let sealed = this.#partitions.get(key);
    if (sealed === undefined) {
      sealed = { ...partition, range, isNew: false, counts: new Map() };
      this.#partitions.set(key, sealed);
    }
    return sealed;
  }
}
