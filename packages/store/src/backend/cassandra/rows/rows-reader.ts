import type { ColumnBlock } from '../../column-block.ts';
import { mergePieces } from '../../piece-merge.ts';
import { EMPTY_BLOCK, sampleAt } from '../../sample-block.ts';
import type { HistoryPiece } from '../../sample-summary.ts';
import type { StoredSample } from '../../stored-sample.ts';
import type { LayoutPieceOptions, LayoutReader, LayoutSensor } from '../layout.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { BucketRegistry, wholeUs } from './bucket-registry.ts';
import { LONGEST_BUCKET_US, type Bucket } from './bucket.ts';
import { PageSizes } from './page-size.ts';
import { PartitionHead } from './partition-head.ts';
import type { RowsOptions } from './rows-options.ts';
import type { SampleTable } from './sample-table.ts';

/** Whose pages' sizes are remembered: some 100 bytes each. */
const KNOWN_SENSORS = 10_000;

/**
 * Reads the partitions that the registry names, in order of time, the next ones ahead. Partitions may overlap where a sensor's width was changed
 * and the change was lost in a crash: they are merged, and of two samples with one time that of the partition that begins later stays.
 */
export class RowsReader implements LayoutReader {
  readonly #session: CqlSession;
  readonly #table: SampleTable;
  readonly #options: RowsOptions;
  readonly #registry: BucketRegistry;
  readonly #sizes: PageSizes;

  constructor(session: CqlSession, table: SampleTable, options: RowsOptions) {
    this.#session = session;
    this.#table = table;
    this.#options = options;
    this.#registry = new BucketRegistry(session);
    this.#sizes = new PageSizes(options.pageBytes, KNOWN_SENSORS);
  }

  async *pieces(
    sensor: LayoutSensor,
    startUs: number,
    endUs: number,
    { samplesAtOnce = Infinity }: LayoutPieceOptions = {},
  ): AsyncGenerator<HistoryPiece> {
    const { pageRows, partitionsAhead } = this.#options;
    const mostRows = Math.min(pageRows, samplesAtOnce);
    const buckets = await this.#registry.between(sensor, startUs, endUs);
    /** In order of their beginning; the first `active` of them are being read. */
    const heads: PartitionHead[] = [];
    let active = 0;
    let opened = 0;
    try {
      for (;;) {
        const nextUs = () => buckets[opened - heads.length + active]?.fromUs ?? Infinity;
        const openThrough = (count: number) => {
          for (; opened < buckets.length && heads.length < count; opened++)
            heads.push(this.#open(sensor, buckets[opened]!, startUs, endUs, mostRows));
        };
        // Of those that are read, what comes first; partitions that begin before it are read too.
        for (let frontierUs = Infinity; ;) {
          for (const head of heads.slice(0, active)) await head.fill();
          active -= removeEmpty(heads, active);
          frontierUs = Math.min(Infinity, ...heads.slice(0, active).map(({ firstUs }) => firstUs));
          if (nextUs() === Infinity || (active > 0 && nextUs() > frontierUs)) break;
          openThrough(active + 1);
          active++;
        }
        if (active === 0) return;
        openThrough(active + partitionsAhead);
        for (const head of heads) head.start();
        const reading = heads.slice(0, active);
        const throughUs = Math.min(nextUs() - 1, ...reading.map(({ lastUs }) => lastUs));
        yield* merged(
          reading.map((head) => head.take(throughUs)),
          throughUs,
        );
      }
    } finally {
      await Promise.all(heads.map((head) => head.close()));
    }
  }

  /** Goes back from partition to partition: the last one known has the sample, most often. */
  async lastBefore(
    sensor: LayoutSensor,
    timeUs: number,
    notBeforeUs = -Infinity,
  ): Promise<StoredSample | undefined> {
    let found: StoredSample | undefined;
    let before: Bucket | undefined;
    for await (const bucket of this.#registry.backwards(sensor, timeUs, notBeforeUs)) {
      const foundUs = found?.timeUs ?? -Infinity;
      if (bucket.fromUs + LONGEST_BUCKET_US <= foundUs) break;
      if (bucket.toUs <= foundUs || bucket.fromUs === before?.fromUs) continue;
      before = bucket;
      const values = [...this.#table.keyOf(sensor, bucket), wholeUs(timeUs)];
      let block = EMPTY_BLOCK;
      for await (const cells of this.#session.cells(this.#table.selectLast, values)) {
        block = this.#table.toBlock(cells);
      }
      if (block.length > 0 && block.timesUs[0]! > foundUs) found = sampleAt(block, 0);
    }
    return found;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #open(
    sensor: LayoutSensor,
    bucket: Bucket,
    startUs: number,
    endUs: number,
    mostRows: number,
  ): PartitionHead {
    const size = this.#sizes.of(sensor.id);
    const values = [...this.#table.keyOf(sensor, bucket), wholeUs(startUs), wholeUs(endUs)];
    const pages = this.#session.cells(this.#table.select, values, {
      fetchSize: () => size.rows(mostRows),
      looksFirst: !size.isLearned,
    });
    return new PartitionHead(pages, (cells) => {
      const block = this.#table.toBlock(cells);
      size.learn(block);
      return block;
    });
  }
}

/** @returns how many of the first `count` had no sample any more */
function removeEmpty(heads: PartitionHead[], count: number): number {
  let removed = 0;
  for (let place = count - 1; place >= 0; place--) {
    if (!heads[place]!.isEmpty) continue;
    heads.splice(place, 1);
    removed++;
  }
  return removed;
}

/** @param blocks of one stretch of time; the later one wins */
function* merged(blocks: readonly ColumnBlock[], throughUs: number): Generator<HistoryPiece> {
  const parts = blocks.filter(({ length }) => length > 0);
  if (parts.length > 1) {
    yield* mergePieces(
      parts.map((block) => [{ block, reachedUs: throughUs + 1 }]),
      -Infinity,
    );
  } else if (parts.length === 1) yield { block: parts[0]!, reachedUs: throughUs + 1 };
}
