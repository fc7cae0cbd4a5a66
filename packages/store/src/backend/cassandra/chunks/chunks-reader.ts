import type { ColumnBlock } from '../../column-block.ts';
import { placeOf, sampleAt, sliceBlock } from '../../sample-block.ts';
import type { HistoryPiece } from '../../sample-summary.ts';
import type { StoredSample } from '../../stored-sample.ts';
import type { LayoutPieceOptions, LayoutReader, LayoutSensor } from '../layout.ts';
import type { CqlSession } from '../session/cql-session.ts';
import { layOver, type Arrived } from './arrived.ts';
import { ChunkBuckets } from './chunk-buckets.ts';
import { ChunkRows } from './chunk-rows.ts';
import { HOUR_US, type ChunkRow } from './chunk-table.ts';
import type { ChunksOptions } from './chunks-options.ts';
import { registryTtlSeconds } from './chunks-tables.ts';
import { JournalReader } from './journal-reader.ts';
import { hourOf, sensorChunks, type SensorChunk } from './sensor-chunks.ts';
import { SensorJournal } from './sensor-journal.ts';
import { SliceRegistry, type Slice } from './slice-registry.ts';

/** Reads chunks, and over them what is not sealed yet. */
export class ChunksReader implements LayoutReader {
  readonly #now: () => number;
  readonly #registrySeconds: number;
  readonly #registry: SliceRegistry;
  readonly #journal: JournalReader;
  readonly #buckets: ChunkBuckets;
  readonly #chunks: ChunkRows;
  readonly #unsealedByRequest = new WeakMap<object, Promise<Slice[]>>();

  /** @param now milliseconds since 1970 */
  constructor(session: CqlSession, options: ChunksOptions, now: () => number) {
    this.#now = now;
    this.#registrySeconds = registryTtlSeconds(options.journalTtlSeconds);
    this.#registry = new SliceRegistry(session);
    this.#journal = new JournalReader(session, options.cacheBytes);
    this.#buckets = new ChunkBuckets(session);
    this.#chunks = new ChunkRows(session);
  }

  async *pieces(
    { id }: LayoutSensor,
    startUs: number,
    endUs: number,
    { maySumUp, samplesAtOnce, request }: LayoutPieceOptions = {},
  ): AsyncGenerator<HistoryPiece, void, undefined> {
    // In this order: what is sealed after the slices were listed is found twice, and nothing is missed.
    const slices = await this.#unsealedOf(request);
    const journal = new SensorJournal(this.#journal, slices, id, startUs, endUs);
    const buckets = await this.#buckets.between(id, startUs, endUs);
    const summaryMayDo = ({ fromUs, summary }: ChunkRow) =>
      summary.numbers + summary.nans === summary.count &&
      summary.firstUs >= startUs &&
      summary.lastUs < endUs &&
      maySumUp?.(summary.firstUs, summary.lastUs) === true &&
      !journal.mayHold(fromUs, fromUs + HOUR_US);
    const range = {
      startUs,
      endUs,
      summaryMayDo: anyHour(startUs, endUs, maySumUp) ? summaryMayDo : undefined,
      isHasty: samplesAtOnce !== undefined,
    };
    for await (const row of sensorChunks(this.#chunks, id, buckets, range)) {
      const { fromUs, toUs, chunk, summary } = row;
      yield* journalPieces(journal, fromUs);
      const late = await journal.through(Math.min(toUs, endUs));
      const reachedUs = Math.min(toUs, endUs);
      if (chunk === undefined && late.block.length === 0 && summary.lastUs < toUs) {
        yield { summary, reachedUs };
        continue;
      }
      const block = await this.#blockOf(row, late);
      yield { block: between(block, startUs, endUs), reachedUs };
    }
    yield* journalPieces(journal, endUs);
  }

  async lastBefore(
    { id }: LayoutSensor,
    timeUs: number,
    notBeforeUs = -Infinity,
  ): Promise<StoredSample | undefined> {
    const late = await this.#lastOfJournal(id, await this.#unsealed(), timeUs, notBeforeUs);
    const row = await this.#lastChunk(id, timeUs, notBeforeUs);
    if (row === undefined) return late && sampleAt(late.block, 0);
    const lateOfRow = late !== undefined && late.block.timesUs[0]! >= row.fromUs ? late : undefined;
    const chunk = between(row.chunk!, -Infinity, Math.min(row.toUs, timeUs));
    const both = lateOfRow && layOver(chunk, row.receivedToUs, lateOfRow);
    const block = both?.block ?? chunk;
    return block.length === 0 ? undefined : sampleAt(block, block.length - 1);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Those of one request that asks for several sensors are listed once. */
  #unsealedOf(request: object | undefined): Promise<Slice[]> {
    if (request === undefined) return this.#unsealed();
    const known = this.#unsealedByRequest.get(request);
    if (known !== undefined) return known;
    const listing = this.#unsealed();
    this.#unsealedByRequest.set(request, listing);
    return listing;
  }

  async #unsealed(): Promise<Slice[]> {
    const nowUs = this.#now() * 1_000;
    const throughUs = await this.#registry.sealedThrough();
    const fromUs = Math.max(throughUs ?? 0, nowUs - this.#registrySeconds * 1e6);
    // An archiver whose clock is ahead of ours begins slices in hours that are to come.
    return this.#registry.between(fromUs, nowUs + HOUR_US);
  }

  /** A chunk within its bounds, with what came late. */
  async #blockOf(row: SensorChunk, late: Arrived): Promise<ColumnBlock> {
    // Its summary would have done, had nothing come late.
    const full = row.chunk === undefined ? await this.#chunks.chunk(row.partition, row.fromUs) : row;
    if (full?.chunk === undefined) return late.block;
    const chunk = between(full.chunk, -Infinity, row.toUs);
    if (late.block.length === 0) return chunk;
    return layOver(chunk, full.receivedToUs, late)?.block ?? chunk;
  }

  async #lastOfJournal(
    sensor: number,
    slices: readonly Slice[],
    timeUs: number,
    notBeforeUs: number,
  ): Promise<Arrived | undefined> {
    const latest = ({ times }: Slice) => times?.lastUs ?? Infinity;
    let last: Arrived | undefined;
    for (const slice of slices.toSorted((a, b) => latest(b) - latest(a))) {
      const lastUs = last?.block.timesUs[0] ?? notBeforeUs;
      // The same time may come again, later.
      if (latest(slice) < lastUs) break;
      const journal = new SensorJournal(this.#journal, [slice], sensor, lastUs, timeUs);
      const found = await journal.through(timeUs);
      const { length } = found.block;
      if (length === 0) continue;
      const its = { block: sliceBlock(found.block, length - 1, length), received: found.received.slice(-1) };
      const isLater = its.block.timesUs[0]! > lastUs || last === undefined;
      if (isLater || its.received[0]! > last!.received[0]!) last = its;
    }
    return last;
  }

  async #lastChunk(sensor: number, timeUs: number, notBeforeUs: number): Promise<SensorChunk | undefined> {
    const buckets = await this.#buckets.between(sensor, notBeforeUs, timeUs);
    for (const { fromUs, toUs } of buckets.toReversed()) {
      const partition = { sensor, bucket: fromUs };
      let nextUs = Infinity;
      for (const row of await this.#chunks.lastTwo(partition, Math.min(toUs, timeUs))) {
        if (row.summary.firstUs < timeUs) return { ...row, partition, toUs: nextUs };
        nextUs = row.fromUs;
      }
    }
    return undefined;
  }
}

/** Whether there is an hour whose summary might do: where there is none, asking for summaries first would only take time. */
function anyHour(startUs: number, endUs: number, maySumUp: LayoutPieceOptions['maySumUp']): boolean {
  if (maySumUp === undefined) return false;
  for (let hourUs = hourOf(startUs); hourUs < endUs; hourUs += HOUR_US)
    if (maySumUp(hourUs, hourUs + HOUR_US - 1)) return true;
  return false;
}

/** What the journal alone has before a time. */
async function* journalPieces(
  journal: SensorJournal,
  untilUs: number,
): AsyncGenerator<HistoryPiece, void, undefined> {
  for (;;) {
    const { block, reachedUs } = await journal.next(untilUs);
    if (block.length > 0) yield { block, reachedUs };
    if (reachedUs >= untilUs) return;
  }
}

function between(block: ColumnBlock, startUs: number, endUs: number): ColumnBlock {
  const isWithin = block.timesUs[0]! >= startUs && block.timesUs[block.length - 1]! < endUs;
  return isWithin ? block : sliceBlock(block, placeOf(block, startUs), placeOf(block, endUs));
}
