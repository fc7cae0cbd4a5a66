import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import type { ColumnBlock } from '../column-block.ts';
import { sampleAt } from '../sample-block.ts';
import type { HistoryPiece } from '../sample-summary.ts';
import type { StoredSample } from '../stored-sample.ts';
import { DAY_FILE } from './day-file.ts';
import type { DayLayer } from './day-layer.ts';
import { DAY_US } from './day.ts';
import { sensorFinder } from './file-sensors.ts';
import type { PieceOptions } from './history-reader.ts';
import { toBlock } from './row-block.ts';
import { SAMPLE_COLUMNS } from './sample-row.ts';
import { attempt, openForReading } from './sqlite-file.ts';

/** A look at a stretch of a day is to take about this long, then others have their turn. */
const SLICE_MS = 20;
const FIRST_SLICE_US = 60e6;
const SHORTEST_SLICE_US = 1e6;
const ROWS_AT_ONCE = 10_000;

/**
 * A day file open for reading. Its rows are in order of time, all sensors mixed: reading one sensor passes over the others. Therefore it is
 * read in slices of time, whose length follows how long the slices before took, so that nothing else waits for long.
 */
export class DayReader implements DayLayer {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #findSensor: (address: SensorAddress) => number | undefined;
  readonly #forwards: StatementSync;
  readonly #backwards: StatementSync;
  #sliceUs = FIRST_SLICE_US;

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#path = path;
    this.#database = openForReading(path, DAY_FILE);
    this.#findSensor = sensorFinder(path, this.#database);
    const select = `SELECT ${SAMPLE_COLUMNS} FROM samples WHERE t >= ? AND t < ? AND sensor = ? ORDER BY t`;
    this.#forwards = this.#database.prepare(`${select} LIMIT ?`);
    this.#backwards = this.#database.prepare(`${select} DESC LIMIT ?`);
    for (const statement of [this.#forwards, this.#backwards]) statement.setReturnArrays(true);
  }

  idOf(address: SensorAddress): number | undefined {
    return this.#findSensor(address);
  }

  *pieces(
    id: number,
    fromUs: number,
    toUs: number,
    { rowsAtOnce = ROWS_AT_ONCE }: PieceOptions = {},
  ): Generator<HistoryPiece, void, void> {
    let reachedUs = fromUs;
    while (reachedUs < toUs) {
      const untilUs = Math.min(toUs, reachedUs + this.#sliceUs);
      const block = this.#read(this.#forwards, id, reachedUs, untilUs, rowsAtOnce);
      reachedUs = block.length === rowsAtOnce ? block.timesUs[rowsAtOnce - 1]! + 1 : untilUs;
      yield { block, reachedUs };
    }
  }

  *lastBefore(
    id: number,
    fromUs: number,
    toUs: number,
  ): Generator<undefined, StoredSample | undefined, void> {
    let untilUs = toUs;
    while (untilUs > fromUs) {
      const sinceUs = Math.max(fromUs, untilUs - this.#sliceUs);
      const block = this.#read(this.#backwards, id, sinceUs, untilUs, 1);
      if (block.length > 0) return sampleAt(block, 0);
      untilUs = sinceUs;
      yield;
    }
    return undefined;
  }

  close(): void {
    this.#database.close();
  }

  /** Also learns how long a slice may be. */
  #read(statement: StatementSync, id: number, fromUs: number, toUs: number, limit: number): ColumnBlock {
    const startedMs = performance.now();
    const block = attempt(this.#path, () =>
      toBlock(statement.all(fromUs, toUs, id, limit) as unknown as SQLOutputValue[][]),
    );
    const tookMs = performance.now() - startedMs;
    if (tookMs < SLICE_MS / 2) this.#sliceUs = Math.min(2 * this.#sliceUs, DAY_US);
    else if (tookMs > 2 * SLICE_MS) this.#sliceUs = Math.max(this.#sliceUs / 2, SHORTEST_SLICE_US);
    return block;
  }
}
