import { formatAddress } from '@katbus/protocol';
import type {
  LayoutBatch,
  LayoutPieceOptions,
  LayoutReader,
  LayoutSensor,
  WidthSpan,
} from '../../../../src/backend/cassandra/layout.ts';
import { packSamples } from '../../../../src/backend/sample-columns.ts';
import { sampleAt } from '../../../../src/backend/sample-block.ts';
import type { SampleRow, StoredSample } from '../../../../src/backend/stored-sample.ts';

const NORMAL: readonly WidthSpan[] = [{ fromUs: -Infinity, width: 'normal' }];

/** Sensors as a catalogue has them, for a layout that is tested without one. */
export class LayoutSensors {
  readonly #sensors: LayoutSensor[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #firstId: number;

  constructor(firstId: number) {
    this.#firstId = firstId;
  }

  add(sensor: Omit<LayoutSensor, 'id' | 'widths'> & Partial<LayoutSensor>): LayoutSensor {
    const number = this.#sensors.length;
    const added = { id: this.#firstId + number, widths: NORMAL, ...sensor };
    this.#sensors.push(added);
    this.#numbers.set(formatAddress(sensor), number);
    return added;
  }

  /** As others come to know it: what was written before stays where it is. */
  replace(sensor: LayoutSensor): void {
    this.#sensors[this.#numbers.get(formatAddress(sensor))!] = sensor;
  }

  /** @param receivedUs when the stream took the first of them; each later one came a microsecond later */
  batch(samples: readonly SampleRow[], receivedUs: number): LayoutBatch {
    const columns = packSamples(samples, (sample) => this.#numbers.get(formatAddress(sample))!);
    return {
      columns,
      received: Float64Array.from(samples, ({ receivedUs: own }, row) => own ?? receivedUs + row),
      sensorOf: (number) => this.#sensors[number]!,
    };
  }
}

/** All samples, after a check that the pieces are as they are to be. */
export async function readPieces(
  reader: LayoutReader,
  sensor: LayoutSensor,
  startUs: number,
  endUs: number,
  options?: LayoutPieceOptions,
): Promise<StoredSample[]> {
  const samples: StoredSample[] = [];
  let reachedUs = -Infinity;
  for await (const piece of reader.pieces(sensor, startUs, endUs, options)) {
    if (piece.block === undefined) throw new Error('nobody asked for summaries');
    const { block } = piece;
    if (block.length > (options?.samplesAtOnce ?? Infinity) * 2) throw new Error('a block is too large');
    for (let place = 0; place < block.length; place++) {
      const sample = sampleAt(block, place);
      const isInOrder = sample.timeUs >= reachedUs && sample.timeUs < piece.reachedUs;
      if (!isInOrder) throw new Error(`a sample of ${sample.timeUs} came after ${reachedUs}`);
      reachedUs = sample.timeUs + 1;
      samples.push(sample);
    }
    reachedUs = Math.max(reachedUs, piece.reachedUs);
  }
  return samples;
}
