import { wallClockUs } from '@katbus/protocol';
import type { LayoutBatch, LayoutWriter } from '../layout.ts';
import { BatchSender } from '../batch-sender.ts';
import type { CqlSession, CqlValue } from '../session/cql-session.ts';
import { BUCKET_INSERT, BUCKET_ROW_BYTES, bucketKeyBytes, KnownBuckets } from './bucket-registry.ts';
import { partitionRuns, type PartitionRun } from './partition-run.ts';
import type { RowsOptions } from './rows-options.ts';
import type { SampleTable } from './sample-table.ts';
import { TimeSlice } from './time-slice.ts';

/**
 * Writes samples as rows, partition by partition. Each row has its own write timestamp, the stream's time of its message: written again, now or
 * after a newer one with the same identity, it changes nothing.
 */
export class RowsWriter implements LayoutWriter {
  readonly #session: CqlSession;
  readonly #table: SampleTable;
  readonly #options: RowsOptions;
  readonly #known: KnownBuckets;

  constructor(session: CqlSession, table: SampleTable, options: RowsOptions) {
    this.#session = session;
    this.#table = table;
    this.#options = options;
    this.#known = new KnownBuckets(options.keepDays);
  }

  /** @throws {StoreError} */
  async write(batch: LayoutBatch): Promise<void> {
    const slice = new TimeSlice();
    const nowMs = Date.now();
    const runs: PartitionRun[] = [];
    const fresh: PartitionRun[] = [];
    for (const run of partitionRuns(batch)) {
      runs.push(run);
      if (!this.#known.has(run.sensor, run.bucket, nowMs)) fresh.push(run);
      await slice.pause();
    }
    // First: a sample in a partition that nobody knows of would not be read.
    if (fresh.length > 0) await this.#register(fresh, nowMs, slice);
    await this.#send(this.#table.insert, async (sender) => {
      for (const run of runs) {
        await this.#writeRun(sender, batch, run);
        const pause = slice.pause();
        if (pause !== undefined) await pause;
      }
    });
  }

  forgetWritten(): void {
    this.#known.clear();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #register(fresh: readonly PartitionRun[], nowMs: number, slice: TimeSlice): Promise<void> {
    await this.#send(BUCKET_INSERT, async (sender) => {
      for (const { sensor, bucket } of fresh) {
        const rows = [this.#known.valuesOf(sensor, bucket)];
        await sender.shared(() => bucketKeyBytes(sensor), rows, BUCKET_ROW_BYTES);
        await slice.pause();
      }
    });
    const { description } = this.#table;
    if (description !== undefined) {
      await this.#send(description.insert, async (sender) => {
        for (const { sensor, bucket } of fresh) {
          const values = description.valuesOf(sensor, bucket);
          if (values !== undefined) await sender.alone([values]);
          await slice.pause();
        }
      });
    }
    for (const { sensor, bucket } of fresh) this.#known.add(sensor, bucket, nowMs);
  }

  /** As one batch or some; with others' rows when there are few. */
  async #writeRun(sender: BatchSender, batch: LayoutBatch, run: PartitionRun): Promise<void> {
    const { rowsPerBatch, batchBytes, rowsAlone, sharedBatchBytes } = this.#options;
    const { sensor, bucket } = run;
    let rows: CqlValue[][] = [];
    let bytes = 0;
    for (const row of run.rows) {
      const rowBytes = this.#table.bytesOf(batch, row);
      if (rows.length > 0 && (rows.length >= rowsPerBatch || bytes + rowBytes > batchBytes)) {
        await sender.alone(rows);
        rows = [];
        bytes = 0;
      }
      rows.push(this.#table.valuesOf(batch, row, sensor, bucket, batch.received[row]!));
      bytes += rowBytes;
    }
    if (rows.length >= rowsAlone || bytes > sharedBatchBytes) return sender.alone(rows);
    return sender.shared(() => this.#table.keyBytesOf(sensor, bucket), rows, bytes);
  }

  /** Resolves, or rejects, when nothing of it is under way any more. */
  async #send(cql: string, work: (sender: BatchSender) => Promise<void>): Promise<void> {
    const sender = new BatchSender(this.#session, cql, wallClockUs(), this.#options);
    try {
      await work(sender);
      await sender.finish();
    } finally {
      await sender.settled();
    }
  }
}
