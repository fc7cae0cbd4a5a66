import { setTimeout as delay } from 'node:timers/promises';
import { BackOff } from '../archiver/back-off.ts';
import type { WriteSummary } from '../backend/backend.ts';
import type { SampleRow } from '../backend/stored-sample.ts';
import type { WriteBatch } from '../backend/write-batch.ts';
import { StoreError } from '../errors.ts';
import type { CopyArchive } from './copy-archive.ts';
import type { CopyPlace } from './copy-state.ts';

/** What the target had acknowledged may be gone: the copy goes on from where it was safe. */
export class SetBackError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'SetBackError';
  }
}

export interface BatchTargetHooks {
  /** All before a place is acknowledged. */
  readonly onWritten: (place: CopyPlace) => Promise<void>;
  /** A write failed and is tried again. */
  readonly onRetry: (error: StoreError) => void;
}

export const COPY_BACK_OFF = { firstMs: 500, mostMs: 15_000 } as const;
/** Whoever mends a cluster overnight finds the copy going on in the morning. */
export const MOST_PATIENCE_MS = 12 * 3_600_000;

/** Gathers samples, and writes a batch while the next one is gathered. */
export class BatchTarget {
  readonly #archive: CopyArchive;
  readonly #hooks: BatchTargetHooks;
  #samples: SampleRow[] = [];
  #place: CopyPlace | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(archive: CopyArchive, hooks: BatchTargetHooks) {
    this.#archive = archive;
    this.#hooks = hooks;
  }

  /** @throws {StoreError} when the target is gone for good @throws {SetBackError} */
  async add(sample: SampleRow): Promise<void> {
    this.#samples.push(sample);
    if (this.#samples.length >= this.#archive.batchSamples) await this.#send();
  }

  /** All before a place was given to {@link add}. */
  pass(place: CopyPlace): void {
    this.#place = place;
  }

  /** Resolves when everything is acknowledged. @throws as {@link add} */
  async flush(): Promise<void> {
    await this.#send();
    await this.#writing;
  }

  /** Something beside samples, after all of those. @throws as {@link add} */
  async write(parts: Partial<WriteBatch>): Promise<WriteSummary> {
    await this.flush();
    return this.#write({ samples: [], attributes: [], quarantine: [], gaps: [], ...parts });
  }

  async #send(): Promise<void> {
    await this.#writing;
    const samples = this.#samples;
    const place = this.#place;
    this.#samples = [];
    this.#writing = (async () => {
      if (samples.length > 0) await this.#write({ samples, attributes: [], quarantine: [], gaps: [] });
      if (place !== undefined) await this.#hooks.onWritten(place);
    })();
    // Met by whoever comes next.
    this.#writing.catch(() => undefined);
  }

  async #write(batch: WriteBatch): Promise<WriteSummary> {
    const backOff = new BackOff(COPY_BACK_OFF);
    const deadline = performance.now() + MOST_PATIENCE_MS;
    for (;;) {
      try {
        const summary = await this.#archive.backend.write(batch);
        if (summary.setBack !== undefined) throw new SetBackError(summary.setBack);
        return summary;
      } catch (error) {
        if (!(error instanceof StoreError) || !error.isRetryable || performance.now() > deadline) throw error;
        this.#hooks.onRetry(error);
      }
      await delay(backOff.next());
    }
  }
}
