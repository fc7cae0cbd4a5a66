import { statusRank } from '@katbus/protocol';
import type { SampleBatch, SampleSource } from './sample-batch.ts';
import type { SampleRow } from './stored-sample.ts';
import { kindOf, numberOf, textOf } from './value-column.ts';
import type { SensorNumbers } from './sensor-numbers.ts';

/**
 * Samples by columns: moves to the writing thread without being copied, at a tenth of the cost of as many objects.
 * Sensors are numbers of {@link SensorNumbers}.
 */
export interface SampleColumns {
  readonly count: number;
  readonly sensors: Int32Array<ArrayBuffer>;
  readonly times: Float64Array<ArrayBuffer>;
  readonly valueTimes: Float64Array<ArrayBuffer>;
  /** Ranks: places in STATUSES. */
  readonly statuses: Uint8Array<ArrayBuffer>;
  /** VALUE_KIND. */
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly values: Float64Array<ArrayBuffer>;
  /** By row; most have none. */
  readonly texts: ReadonlyMap<number, string>;
  /** Numbers of clock epochs by row; most components never tell of any. */
  readonly epochs: ReadonlyMap<number, number>;
}

export function packSamples(
  samples: SampleSource,
  numberOfSensor: (sample: SampleRow) => number,
): SampleColumns {
  const count = samples.length;
  const sensors = new Int32Array(count);
  const times = new Float64Array(count);
  const valueTimes = new Float64Array(count);
  const statuses = new Uint8Array(count);
  const kinds = new Uint8Array(count);
  const values = new Float64Array(count);
  const texts = new Map<number, string>();
  const epochs = new Map<number, number>();
  let row = 0;
  for (const sample of samples) {
    sensors[row] = numberOfSensor(sample);
    times[row] = sample.timeUs;
    valueTimes[row] = sample.valueTimeUs;
    statuses[row] = statusRank(sample.status);
    kinds[row] = kindOf(sample.value);
    values[row] = numberOf(sample.value);
    const text = textOf(sample.value);
    if (text !== undefined) texts.set(row, text);
    if (sample.epoch !== undefined && sample.epoch !== 0) epochs.set(row, sample.epoch);
    row++;
  }
  return { count, sensors, times, valueTimes, statuses, kinds, values, texts, epochs };
}

/** A copy, for what crosses is gone: a batch whose write failed is written again. */
export function copyColumns(batch: SampleBatch, numbers: SensorNumbers): SampleColumns {
  const count = batch.length;
  return {
    count,
    sensors: numbers.translate(batch.numbering, batch.sensors.subarray(0, count)),
    times: batch.times.slice(0, count),
    valueTimes: batch.valueTimes.slice(0, count),
    statuses: batch.statuses.slice(0, count),
    kinds: batch.kinds.slice(0, count),
    values: batch.values.slice(0, count),
    texts: batch.texts,
    epochs: batch.epochs,
  };
}

/** What to move instead of copying it. */
export function buffersOf(columns: SampleColumns): ArrayBuffer[] {
  const { sensors, times, valueTimes, statuses, kinds, values } = columns;
  return [sensors, times, valueTimes, statuses, kinds, values].map((column) => column.buffer);
}
