import { SampleBatch, type SampleSource } from '../../sample-batch.ts';
import { copyColumns, packSamples } from '../../sample-columns.ts';
import type { SensorNumbers } from '../../sensor-numbers.ts';
import type { WriteBatch } from '../../write-batch.ts';
import type { LayoutBatch } from '../layout.ts';
import type { Announcement } from './announcements.ts';

/** A batch whose sensors are in their table: the samples may be written, and then the rest. */
export interface PreparedBatch {
  readonly samples: LayoutBatch;
  readonly announcements: readonly Announcement[];
  readonly batch: WriteBatch;
}

/** The samples of a batch by columns, with the numbers of the catalogue. */
export function packLayoutBatch(
  samples: SampleSource,
  numbers: SensorNumbers,
): Pick<LayoutBatch, 'columns' | 'received'> {
  if (samples instanceof SampleBatch) {
    const columns = copyColumns(samples, numbers);
    return { columns, received: samples.received.slice(0, columns.count) };
  }
  const received = new Float64Array(samples.length);
  const nowUs = Date.now() * 1000;
  let row = 0;
  const columns = packSamples(samples, (sample) => {
    received[row++] = sample.receivedUs ?? nowUs;
    return numbers.numberOf(sample);
  });
  return { columns, received };
}
