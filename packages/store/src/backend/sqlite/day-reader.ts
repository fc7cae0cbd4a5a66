import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { SensorAddress } from '@katbus/protocol';
import type { ColumnBlock } from '../column-block.ts';
import { DAY_FILE } from './day-file.ts';
import { DAY_US } from './day.ts';
import { toBlock } from './row-block.ts';
import { SAMPLE_COLUMNS } from './sample-row.ts';
import { attempt, openForReading } from './sqlite-file.ts';

/** A look at a stretch of a day is to take about this long, then others have their turn. */
const SLICE_MS = 20;
const FIRST_SLICE_US = 60e6;
const SHORTEST_SLICE_US = 1e6;

/** What a look at one stretch found. `reachedUs`: how far it looked. */
export interface Slice {
  readonly block: ColumnBlock;
  readonly reachedUs: number;
}

/**
 * A day file open for reading. Its rows are in order of time, all sensors mixed: reading one sensor passes over the others. Therefore it is
 * read in slices of time, whose length follows how long the slices before took, so that nothing else waits for long.
 */
export class DayReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #findSensor: StatementSync;
  readonly #forwards: StatementSync;
  readonly #backwards: StatementSync;
  #sliceUs = FIRST_SLICE_US;

  /** @throws {StoreError} */
  constructor(path: string) {
    this.#path = path;
    this.#database = openForReading(path, DAY_FILE);
    this.#findSensor = this.#database.prepare('SELECT id FROM sensors WHERE component = ? AND sensor = ?');
    const select = `SELECT ${SAMPLE_COLUMNS} FROM samples WHERE t >= ? AND t < ? AND sensor = ? ORDER BY t`;
    this.#forwards = this.#database.prepare(`${select} LIMIT ?`);
    this.#backwards = this.#database.prepare(`${select} DESC LIMIT ?`);
    for (const statement of [this.#forwards, this.#backwards]) statement.setReturnArrays(true);
  }

  /** The sensor's id in this file; undefined: it has no samples here. @throws {StoreError} */
  idOf({ component, sensor }: SensorAddress): number | undefined {
    return attempt(this.#path, () => {
      const row = this.#findSensor.get(component, sensor);
      return row === undefined ? undefined : Number(row.id);
    });
  }

  /**
   * Samples of a sensor from `fromUs` on and before `toUs`, as far as one slice goes and at most `limit` of them.
   * @throws {StoreError}
   */
  slice(id: number, fromUs: number, toUs: number, limit: number): Slice {
    const untilUs = Math.min(toUs, fromUs + this.#sliceUs);
    const block = this.#timed(() => this.#read(this.#forwards, id, fromUs, untilUs, limit));
    const isCutShort = block.length === limit;
    return { block, reachedUs: isCutShort ? block.timesUs[limit - 1]! + 1 : untilUs };
  }

  /** The last sample of a sensor before `toUs` and not before `fromUs`, as far back as one slice goes. @throws {StoreError} */
  sliceBack(id: number, fromUs: number, toUs: number): Slice {
    const sinceUs = Math.max(fromUs, toUs - this.#sliceUs);
    return {
      block: this.#timed(() => this.#read(this.#backwards, id, sinceUs, toUs, 1)),
      reachedUs: sinceUs,
    };
  }

  close(): void {
    this.#database.close();
  }

  #read(statement: StatementSync, id: number, fromUs: number, toUs: number, limit: number): ColumnBlock {
    return attempt(this.#path, () => {
      return toBlock(statement.all(fromUs, toUs, id, limit) as unknown as SQLOutputValue[][]);
    });
  }

  #timed(read: () => ColumnBlock): ColumnBlock {
    const startedMs = performance.now();
    const block = read();
    const tookMs = performance.now() - startedMs;
    if (tookMs < SLICE_MS / 2) this.#sliceUs = Math.min(2 * this.#sliceUs, DAY_US);
    else if (tookMs > 2 * SLICE_MS) this.#sliceUs = Math.max(this.#sliceUs / 2, SHORTEST_SLICE_US);
    return block;
  }
}
