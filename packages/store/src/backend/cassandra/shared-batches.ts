import type { CqlValue } from './session/cql-session.ts';

export interface SharedBatchLimits {
  /** Most partitions that share a batch. Cassandra warns above `unlogged_batch_across_partitions_warn_threshold`, 10. */
  readonly partitionsPerBatch: number;
  /** About the most bytes that share a batch. Cassandra warns above `batch_size_warn_threshold`, 5 KiB, and refuses above `batch_size_fail_threshold`, 50 KiB. */
  readonly sharedBatchBytes: number;
}

interface OpenBatch {
  rows: (readonly CqlValue[])[];
  partitions: number;
  bytes: number;
}

/** Gathers rows of partitions with few rows into batches, each for the nodes of one replica. */
export class SharedBatches {
  readonly #limits: SharedBatchLimits;
  readonly #open = new Map<string, OpenBatch>();

  constructor(limits: SharedBatchLimits) {
    this.#limits = limits;
  }

  /**
   * Adds the rows of one partition.
   * @returns the batch that has no room for them, to be sent
   */
  add(replica: string, rows: readonly (readonly CqlValue[])[], bytes: number): OpenBatch['rows'] | undefined {
    const { partitionsPerBatch, sharedBatchBytes } = this.#limits;
    const open = this.#open.get(replica);
    const isFull =
      open !== undefined && (open.partitions >= partitionsPerBatch || open.bytes + bytes > sharedBatchBytes);
    if (open === undefined || isFull) {
      this.#open.set(replica, { rows: [...rows], partitions: 1, bytes });
      return open?.rows;
    }
    open.rows.push(...rows);
    open.partitions++;
    open.bytes += bytes;
    return undefined;
  }

  /** Those that are not full. */
  rest(): OpenBatch['rows'][] {
    const rest = [...this.#open.values()].map(({ rows }) => rows);
    this.#open.clear();
    return rest;
  }
}
