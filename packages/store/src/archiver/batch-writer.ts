import { setTimeout as delay } from 'node:timers/promises';
import type { Backend, WriteSummary } from '../backend/backend.ts';
import type { WriteBatch } from '../backend/write-batch.ts';
import { StoreError } from '../errors.ts';
import type { ArchiverStatus } from './archiver-status.ts';
import { BackOff, type BackOffOptions } from './back-off.ts';

export interface BatchWriterParts {
  readonly backend: Backend;
  readonly status: ArchiverStatus;
  readonly backOff: BackOffOptions;
  /** Told of each attempt that failed. */
  readonly onFailure: (error: unknown) => void;
}

/** Writes a batch until it is written: a store that is away costs time, never a sample. */
export class BatchWriter {
  readonly #parts: BatchWriterParts;
  readonly #backOff: BackOff;

  constructor(parts: BatchWriterParts) {
    this.#parts = parts;
    this.#backOff = new BackOff(parts.backOff);
  }

  /**
   * @returns undefined when `signal` came while the store was failing: the batch is not stored, or not all of it
   * @throws {StoreError} when the back end is gone for good
   */
  async write(batch: WriteBatch, signal: AbortSignal): Promise<WriteSummary | undefined> {
    const { backend, status, onFailure } = this.#parts;
    for (;;) {
      try {
        const summary = await backend.write(batch);
        this.#backOff.reset();
        status.storeWriting();
        return summary;
      } catch (error) {
        if (error instanceof StoreError && !error.isRetryable) throw error;
        onFailure(error);
        status.storeFailing(error instanceof Error ? error.message : String(error));
      }
      if (signal.aborted) return undefined;
      await delay(this.#backOff.next(), undefined, { signal }).catch(() => undefined);
    }
  }
}
