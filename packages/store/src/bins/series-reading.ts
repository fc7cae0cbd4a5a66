import { setImmediate } from 'node:timers/promises';
import { Started } from '../backend/read-ahead.ts';
import type { HistoryPiece } from '../backend/sample-summary.ts';
import { toArchivedSample, type StoredSample } from '../backend/stored-sample.ts';
import { ArrayBins } from './array-bins.ts';
import type { BinsPosition, BinsQuery, BinsSeriesQuery } from './bins-query.ts';
import { NumberBins } from './number-bins.ts';
import type { PageRoom } from './page-room.ts';
import type { SampleSource } from './sample-source.ts';
import type { SeriesBins } from './series-bins.ts';
import { StateBins } from './state-bins.ts';

/** One sensor's part of a page of bins. */
export class SeriesReading {
  readonly #source: SampleSource;
  readonly #query: BinsQuery;
  readonly #series: BinsSeriesQuery;
  readonly #from: BinsPosition;
  readonly #bins: SeriesBins;
  #entering: Promise<StoredSample | undefined> | undefined;
  #started: Started<HistoryPiece> | undefined;

  constructor(
    source: SampleSource,
    query: BinsQuery,
    series: BinsSeriesQuery,
    from: BinsPosition,
    room: PageRoom,
  ) {
    this.#source = source;
    this.#query = query;
    this.#series = series;
    this.#from = from;
    this.#bins = seriesBins(query, series.kind, room, from.carried);
  }

  /** Asks for what comes first, before its turn. */
  start(): void {
    this.#entering = this.#enteringSample();
    this.#entering.catch(() => undefined);
    const pieces = this.#pieces();
    if (Symbol.asyncIterator in pieces) this.#started = new Started(pieces);
  }

  /** It is not read, or no further. */
  stop(): void {
    this.#started?.stop();
  }

  /**
   * Goes as far as the page does.
   * @param isOver whether the page is
   * @returns the series as JSON text, and where it stopped; undefined when it is done
   */
  async read(isOver: () => boolean): Promise<{ text: string; next: BinsPosition | undefined }> {
    const { grid, boundary } = this.#query;
    const entering = await (this.#entering ?? this.#enteringSample());
    if (entering !== undefined) this.#bins.enter(entering);
    let atUs = this.#atUs;
    let state: 'reading' | 'stopped' = 'reading';
    try {
      for await (const { block, summary, reachedUs } of this.#started?.items() ?? this.#pieces()) {
        const left = block === undefined ? this.#bins.takeSummary(summary) : this.#bins.take(block);
        atUs = left ?? reachedUs;
        if (left !== undefined || (isOver() && atUs < grid.endUs)) {
          state = 'stopped';
          break;
        }
        // Other calls have their turn.
        await setImmediate();
      }
    } finally {
      this.stop();
    }
    if (state === 'reading') atUs = grid.endUs;
    const isDone = state === 'reading' && this.#bins.finish();
    const isFirst = this.#from.atUs === undefined;
    const before =
      boundary && isFirst && entering !== undefined ? { before: toArchivedSample(entering) } : {};
    const { address, kind } = this.#series;
    const { component, sensor } = address;
    const text = JSON.stringify({ component, sensor, kind, ...before, ...this.#bins.columns() });
    const next = isDone ? undefined : { series: this.#from.series, atUs, carried: this.#bins.carried() };
    return { text, next };
  }

  get #atUs(): number {
    return this.#from.atUs ?? this.#query.grid.startUs;
  }

  /** The last sample before what is read, where it is needed. */
  async #enteringSample(): Promise<StoredSample | undefined> {
    const { grid, boundary } = this.#query;
    const isFirst = this.#from.atUs === undefined;
    const beforeUs = this.#bins.entersBeforeUs ?? (boundary && isFirst ? grid.startUs : undefined);
    return beforeUs === undefined ? undefined : this.#source.lastBefore(this.#series.address, beforeUs);
  }

  #pieces(): Iterable<HistoryPiece> | AsyncIterable<HistoryPiece> {
    const options = {
      maySumUp: (firstUs: number, lastUs: number) => this.#bins.maySumUp(firstUs, lastUs),
    };
    return this.#source.pieces(this.#series.address, this.#atUs, this.#query.grid.endUs, options);
  }
}

function seriesBins(
  { grid, columns, nowUs }: BinsQuery,
  kind: BinsSeriesQuery['kind'],
  room: PageRoom,
  carried: unknown,
): SeriesBins {
  switch (kind) {
    case 'number':
      return new NumberBins(grid, room, columns, carried);
    case 'state':
      return new StateBins(grid, room, Math.min(grid.endUs, nowUs), carried);
    case 'array':
      return new ArrayBins(grid, room, carried);
  }
}
