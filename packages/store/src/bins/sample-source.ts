import type { SensorAddress } from '@katbus/protocol';
import type { HistoryPiece } from '../backend/sample-summary.ts';
import type { StoredSample } from '../backend/stored-sample.ts';

/** Where bins and operators get a sensor's samples from. */
export interface SampleSource {
  /** How many sensors it is good to ask for before their turn: it is waited for. Absent: none. */
  readonly sensorsAhead?: number | undefined;

  /**
   * Samples with startUs <= time < endUs, in order of time, each once, piece by piece.
   * @param options.maySumUp whether samples between two times, both included, may come summed up; absent: never
   */
  pieces(
    address: SensorAddress,
    startUs: number,
    endUs: number,
    options: { readonly maySumUp?: ((firstUs: number, lastUs: number) => boolean) | undefined },
  ): Iterable<HistoryPiece> | AsyncIterable<HistoryPiece>;

  lastBefore(address: SensorAddress, timeUs: number): Promise<StoredSample | undefined>;
}
