import { LoopTurns } from '@katbus/bus/loop-turns';
import { wallClockUs, type Attributes } from '@katbus/protocol';
import type { LayoutAnnouncement, LayoutBatch, LayoutSensor, LayoutWriter } from '../layout.ts';
import { BatchSender } from '../batch-sender.ts';
import type { CqlSession, CqlValue } from '../session/cql-session.ts';
import type { Bucket } from './bucket.ts';
import { BUCKET_INSERT, BUCKET_ROW_BYTES, bucketKeyBytes, KnownBuckets } from './bucket-registry.ts';
import { partitionRuns, type PartitionRun } from './partition-run.ts';
import type { RowsOptions } from './rows-options.ts';
import type { PartitionDescription, SampleTable } from './sample-table.ts';

/** Work without a pause; then others have their turn. */
const TURN_MS = 10;

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
    const turns = new LoopTurns({ mostMs: TURN_MS });
    const nowMs = Date.now();
    const runs: PartitionRun[] = [];
    const fresh: PartitionRun[] = [];
    for (const run of partitionRuns(batch)) {
      runs.push(run);
      if (!this.#known.has(run.sensor, run.bucket, nowMs)) fresh.push(run);
      if (turns.isOver) await turns.next();
    }
    // First: a sample in a partition that nobody knows of would not be read.
    if (fresh.length > 0) await this.#register(fresh, nowMs, turns);
    await this.#send(this.#table.insert, async (sender) => {
      for (const run of runs) {
        await this.#writeRun(sender, batch, run);
        if (turns.isOver) await turns.next();
      }
    });
  }

  /** Of a partition that samples go into now: the next one is described when it is begun. @throws {StoreError} */
  async describe(announced: Iterable<LayoutAnnouncement>): Promise<void> {
    const { description } = this.#table;
    if (description === undefined) return;
    const turns = new LoopTurns({ mostMs: TURN_MS });
    const changed: Described[] = [];
    for (const { sensor, attributes } of announced) {
      const bucket = this.#known.last(sensor);
      if (bucket !== undefined && !isSaid(description, sensor, attributes))
        changed.push({ sensor, bucket, attributes });
      if (turns.isOver) await turns.next();
    }
    await this.#describe(changed, turns);
  }

  forgetWritten(): void {
    this.#known.clear();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #register(fresh: readonly PartitionRun[], nowMs: number, turns: LoopTurns): Promise<void> {
    await this.#send(BUCKET_INSERT, async (sender) => {
      for (const { sensor, bucket } of fresh) {
        const rows = [this.#known.valuesOf(sensor, bucket)];
        await sender.shared(() => bucketKeyBytes(sensor), rows, BUCKET_ROW_BYTES);
        if (turns.isOver) await turns.next();
      }
    });
    await this.#describe(fresh, turns);
    for (const { sensor, bucket } of fresh) this.#known.add(sensor, bucket, nowMs);
  }

  /** By what is given, or by what is known of the sensor. */
  async #describe(partitions: readonly Described[], turns: LoopTurns): Promise<void> {
    const { description } = this.#table;
    if (description === undefined || partitions.length === 0) return;
    await this.#send(description.insert, async (sender) => {
      for (const { sensor, bucket, attributes = sensor.attributes } of partitions) {
        if (attributes === undefined) continue;
        const key = this.#table.keyOf(sensor, bucket);
        await sender.alone([[...key, ...description.textsOf(attributes)]]);
        if (turns.isOver) await turns.next();
      }
    });
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

interface Described {
  readonly sensor: LayoutSensor;
  readonly bucket: Bucket;
  readonly attributes?: Attributes;
}

/** Whether the attributes until now said the same of a partition. */
function isSaid(
  description: PartitionDescription,
  { attributes: before }: LayoutSensor,
  attributes: Attributes,
): boolean {
  if (before === undefined) return false;
  const texts = description.textsOf(before);
  return description.textsOf(attributes).every((text, place) => text === texts[place]);
}
