import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import { Chunk } from '../../chunk/chunk.ts';
import type { ColumnBlock } from '../column-block.ts';
import { placeOf, sampleAt, sliceBlock } from '../sample-block.ts';
import type { HistoryPiece } from '../sample-summary.ts';
import type { StoredSample } from '../stored-sample.ts';
import { CHUNK_FILE } from './chunk-file.ts';
import type { DayLayer } from './day-layer.ts';
import { fileSensors, sensorFinder } from './file-sensors.ts';
import type { PieceOptions } from './history-reader.ts';
import { attempt, openForReading } from './sqlite-file.ts';

/** A chunk file open for reading: of a sensor, only its own chunks are touched. */
export class ChunkReader implements DayLayer {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #findSensor: (address: SensorAddress) => number | undefined;
  readonly #firstBefore: StatementSync;
  readonly #chunks: StatementSync;
  readonly #bytes: StatementSync;

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#path = path;
    this.#database = openForReading(path, CHUNK_FILE);
    const prepare = (sql: string) => attempt(path, () => this.#database.prepare(sql));
    this.#findSensor = sensorFinder(path, this.#database);
    this.#firstBefore = prepare(
      'SELECT max(first_t) AS first_t FROM chunks WHERE sensor = ? AND first_t <= ?',
    );
    this.#chunks = prepare(
      'SELECT * FROM chunks WHERE sensor = ? AND first_t >= ? AND first_t < ? ORDER BY first_t',
    );
    this.#bytes = prepare('SELECT bytes FROM data WHERE id = ?');
  }

  idOf(address: SensorAddress): number | undefined {
    return this.#findSensor(address);
  }

  *pieces(
    id: number,
    fromUs: number,
    toUs: number,
    { maySumUp }: PieceOptions = {},
  ): Generator<HistoryPiece, void, void> {
    for (const row of this.#chunksBetween(id, fromUs, toUs)) {
      const firstUs = Number(row.first_t);
      const lastUs = Number(row.last_t);
      if (lastUs < fromUs) continue;
      const reachedUs = Math.min(lastUs + 1, toUs);
      const isInside = firstUs >= fromUs && lastUs < toUs;
      const hasOnlyNumbers = Number(row.numbers) + Number(row.nans) === Number(row.count);
      if (isInside && hasOnlyNumbers && maySumUp?.(firstUs, lastUs) === true) {
        yield { reachedUs, summary: toSummary(row) };
        continue;
      }
      const chunk = this.#chunk(row);
      const block = isInside ? chunk : sliceBlock(chunk, placeOf(chunk, fromUs), placeOf(chunk, toUs));
      yield { reachedUs, block };
    }
  }

  // eslint-disable-next-line require-yield -- a chunk is found at once: there is nobody to give a turn to
  *lastBefore(
    id: number,
    fromUs: number,
    toUs: number,
  ): Generator<undefined, StoredSample | undefined, void> {
    const row = this.#chunksBetween(id, toUs - 1, toUs).at(0);
    if (row === undefined) return undefined;
    const chunk = this.#chunk(row);
    const place = placeOf(chunk, toUs) - 1;
    return place >= 0 && chunk.timesUs[place]! >= fromUs ? sampleAt(chunk, place) : undefined;
  }

  /** The ids and names of all sensors. */
  sensors(): (SensorAddress & { readonly id: number })[] {
    return fileSensors(this.#path, this.#database);
  }

  close(): void {
    this.#database.close();
  }

  /** From the one that a time lies in, or the last before it, on. */
  #chunksBetween(id: number, fromUs: number, toUs: number): Row[] {
    return attempt(this.#path, () => {
      const first = this.#firstBefore.get(id, fromUs)?.first_t ?? fromUs;
      return this.#chunks.all(id, first, toUs);
    });
  }

  #chunk(row: Row): ColumnBlock {
    const place = `${this.#path}, chunk ${Number(row.data)}`;
    const bytes = attempt(this.#path, () => this.#bytes.get(row.data!)?.bytes);
    return new Chunk(bytes instanceof Uint8Array ? bytes : new Uint8Array(0), place);
  }
}

type Row = Record<string, SQLOutputValue>;

function toSummary(row: Row) {
  const number = (value: SQLOutputValue | undefined) => (value === null ? NaN : Number(value));
  return {
    count: Number(row.count),
    nans: Number(row.nans),
    min: number(row.min),
    max: number(row.max),
    sum: number(row.sum),
    firstUs: Number(row.first_t),
    lastUs: Number(row.last_t),
    firstValue: number(row.first_value),
    lastValue: number(row.last_value),
    worst: Number(row.worst),
  };
}
