import type { SensorAddress } from '@katbus/protocol';
import type { SampleSource } from '../../../bins/sample-source.ts';
import type { HistoryBlock } from '../../backend.ts';
import { fillBlock, samplesAtOnce, type BlockBounds } from '../../history-block.ts';
import type { HistoryPiece } from '../../sample-summary.ts';
import type { StoredSample } from '../../stored-sample.ts';
import type { LayoutPieceOptions, LayoutReader, LayoutSensor } from '../layout.ts';

/** What a reading thread must know of a sensor: it has no catalogue. */
export interface KnownSensor extends LayoutSensor {
  /** None of its samples is earlier. */
  readonly firstUs: number;
  /** All of its samples are earlier. */
  readonly endUs: number;
}

export interface SensorBlockRequest extends BlockBounds {
  readonly sensor: KnownSensor;
  readonly startUs: number;
  readonly endUs: number;
}

export interface LastBeforeRequest {
  readonly sensor: KnownSensor;
  readonly timeUs: number;
}

/** Sensors of a page of bins that are asked for before their turn: enough that nodes are not waited for. */
const SENSORS_AHEAD = 4;

/** Reads samples through a layout, and looks nowhere where there can be none. */
export class HistoryReader {
  readonly #reader: LayoutReader;

  constructor(reader: LayoutReader) {
    this.#reader = reader;
  }

  /** @throws {StoreError} */
  block(request: SensorBlockRequest): Promise<HistoryBlock> {
    const { sensor, startUs, endUs } = request;
    const pieces = this.#pieces(sensor, startUs, endUs, { samplesAtOnce: samplesAtOnce(request) });
    return fillBlock(pieces, endUs, request);
  }

  /** @throws {StoreError} */
  lastBefore({ sensor, timeUs }: LastBeforeRequest): Promise<StoredSample | undefined> {
    if (timeUs <= sensor.firstUs) return Promise.resolve(undefined);
    return this.#reader.lastBefore(sensor, Math.min(timeUs, sensor.endUs), sensor.firstUs);
  }

  /** What one page of bins or of an operator is read from. @param sensors that it may ask for; any other one has no samples */
  source(sensors: readonly KnownSensor[]): SampleSource {
    const request = {};
    const find = (address: SensorAddress) =>
      sensors.find(({ component, sensor }) => component === address.component && sensor === address.sensor);
    return {
      sensorsAhead: SENSORS_AHEAD,
      pieces: (address, startUs, endUs, options) =>
        this.#pieces(find(address), startUs, endUs, { ...options, request }),
      lastBefore: (address, timeUs) => {
        const sensor = find(address);
        return sensor === undefined ? Promise.resolve(undefined) : this.lastBefore({ sensor, timeUs });
      },
    };
  }

  close(): Promise<void> {
    return this.#reader.close();
  }

  async *#pieces(
    sensor: KnownSensor | undefined,
    startUs: number,
    endUs: number,
    options: LayoutPieceOptions,
  ): AsyncGenerator<HistoryPiece, void, undefined> {
    if (sensor === undefined) return;
    const fromUs = Math.max(startUs, sensor.firstUs);
    const toUs = Math.min(endUs, sensor.endUs);
    if (fromUs < toUs) yield* this.#reader.pieces(sensor, fromUs, toUs, options);
  }
}
