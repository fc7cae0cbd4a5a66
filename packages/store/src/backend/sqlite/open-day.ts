import type { SensorAddress } from '@katbus/protocol';
import { mergePieces } from '../piece-merge.ts';
import type { HistoryPiece } from '../sample-summary.ts';
import type { StoredSample } from '../stored-sample.ts';
import { ChunkReader } from './chunk-reader.ts';
import type { DataDirectory, DayFiles } from './data-directory.ts';
import type { DayLayer } from './day-layer.ts';
import { DayReader } from './day-reader.ts';
import { startOfDay } from './day.ts';
import type { PieceOptions } from './history-reader.ts';

/**
 * All files of a day, open for reading: its chunks, and over them its rows, the later generation over the one before. Rows may be in the
 * chunks already (a closing was killed before it removed them): they say the same, so nothing counts twice.
 */
export class OpenDay {
  readonly #files: DayFiles;
  /** The later one wins. */
  readonly #layers: DayLayer[] = [];
  #isClosed = false;

  /** @throws {StoreError} */
  constructor(directory: DataDirectory, files: DayFiles) {
    this.#files = files;
    const { day, rows, chunks } = files;
    const newest = chunks.at(-1);
    try {
      // Rows first: a closing removes them only when the chunks of them are there.
      for (const generation of rows) this.#layers.push(new DayReader(directory.rowsFile(day, generation)));
      if (newest !== undefined) this.#layers.unshift(new ChunkReader(directory.chunksFile(day, newest)));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Whether these are the files of the day still. */
  holds({ rows, chunks }: DayFiles): boolean {
    return String(this.#files.rows) === String(rows) && this.#files.chunks.at(-1) === chunks.at(-1);
  }

  *pieces(
    address: SensorAddress,
    fromUs: number,
    toUs: number,
    options: PieceOptions,
  ): Generator<HistoryPiece, void, void> {
    const found = this.#find(address);
    const [only] = found;
    if (only === undefined) return;
    if (found.length === 1) yield* only.layer.pieces(only.id, fromUs, toUs, options);
    else {
      const { rowsAtOnce } = options;
      const layers = found.map(({ layer, id }) => layer.pieces(id, fromUs, toUs, { rowsAtOnce }));
      yield* mergePieces(layers, fromUs);
    }
  }

  *lastBefore(
    address: SensorAddress,
    beforeUs: number,
  ): Generator<undefined, StoredSample | undefined, void> {
    const { day } = this.#files;
    const toUs = Math.min(beforeUs, startOfDay(day + 1));
    let fromUs = startOfDay(day);
    let last: StoredSample | undefined;
    // From the one that wins downwards: of those below only a later time is of interest.
    for (const { layer, id } of this.#find(address).reverse()) {
      const found = yield* layer.lastBefore(id, fromUs, toUs);
      if (found === undefined) continue;
      last = found;
      fromUs = found.timeUs + 1;
    }
    return last;
  }

  close(): void {
    this.#isClosed = true;
    for (const layer of this.#layers) layer.close();
  }

  #find(address: SensorAddress): { readonly layer: DayLayer; readonly id: number }[] {
    return this.#layers.flatMap((layer) => {
      const id = layer.idOf(address);
      return id === undefined ? [] : [{ layer, id }];
    });
  }
}
