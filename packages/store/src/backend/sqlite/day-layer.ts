import type { SensorAddress } from '@katbus/protocol';
import type { HistoryPiece } from '../sample-summary.ts';
import type { StoredSample } from '../stored-sample.ts';
import type { PieceOptions } from './history-reader.ts';

/** One file of a day, open for reading. Generators: between two steps others may have their turn. @throws {StoreError} in every method */
export interface DayLayer {
  /** The sensor's id in this file; undefined: it has no samples here. */
  idOf(address: SensorAddress): number | undefined;
  /** The samples of a sensor from `fromUs` on and before `toUs`, in order of time. */
  pieces(
    id: number,
    fromUs: number,
    toUs: number,
    options?: PieceOptions,
  ): Generator<HistoryPiece, void, void>;
  /** The last sample of a sensor before `toUs` and not before `fromUs`. */
  lastBefore(id: number, fromUs: number, toUs: number): Generator<undefined, StoredSample | undefined, void>;
  close(): void;
}
