import type { LayoutBatch, LayoutSensor } from '../layout.ts';
import { bucketAt, type Bucket } from './bucket.ts';

/** Rows of a batch that belong to one partition, in order of time, each time once. */
export interface PartitionRun {
  readonly sensor: LayoutSensor;
  readonly bucket: Bucket;
  /** Places in the batch. */
  readonly rows: Int32Array;
}

/** Below so many rows a sensor number, counting costs more than comparing. */
const SPARSE = 1 / 8;

/** A batch by partitions. Of two samples with one identity the later one in the batch stays. */
export function* partitionRuns(batch: LayoutBatch): Generator<PartitionRun, void, void> {
  const { sensors, times, count } = batch.columns;
  const order = bySensor(sensors, count);
  for (let from = 0; from < count;) {
    const number = sensors[order[from]!]!;
    let to = from + 1;
    while (to < count && sensors[order[to]!] === number) to++;
    const rows = onePerTime(order.subarray(from, to), times);
    const sensor = batch.sensorOf(number);
    for (let first = 0; first < rows.length;) {
      const bucket = bucketAt(sensor, times[rows[first]!]!);
      let end = first + 1;
      while (end < rows.length && times[rows[end]!]! < bucket.toUs) end++;
      yield { sensor, bucket, rows: rows.subarray(first, end) };
      first = end;
    }
    from = to;
  }
}

/** Places in order of the sensor's number; of one sensor in the order in which they came. */
function bySensor(sensors: Int32Array, count: number): Int32Array {
  const order = new Int32Array(count);
  let most = 0;
  for (let row = 0; row < count; row++) most = Math.max(most, sensors[row]!);
  if (count < SPARSE * most) {
    for (let row = 0; row < count; row++) order[row] = row;
    return order.sort((a, b) => sensors[a]! - sensors[b]! || a - b);
  }
  const starts = new Int32Array(most + 2);
  for (let row = 0; row < count; row++) starts[sensors[row]! + 1]!++;
  for (let number = 1; number < starts.length; number++) starts[number]! += starts[number - 1]!;
  for (let row = 0; row < count; row++) order[starts[sensors[row]!]!++] = row;
  return order;
}

/** @param rows in the order in which they came; sorted in place, most often they are */
function onePerTime(rows: Int32Array, times: Float64Array): Int32Array {
  let isInOrder = true;
  for (let place = 1; place < rows.length && isInOrder; place++)
    isInOrder = times[rows[place - 1]!]! < times[rows[place]!]!;
  if (isInOrder) return rows;
  rows.sort((a, b) => times[a]! - times[b]! || a - b);
  let kept = 0;
  for (let place = 0; place < rows.length; place++) {
    const isReplaced = place + 1 < rows.length && times[rows[place]!] === times[rows[place + 1]!];
    if (!isReplaced) rows[kept++] = rows[place]!;
  }
  return rows.subarray(0, kept);
}
