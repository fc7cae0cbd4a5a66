import type { LayoutSensor, PartitionWidth } from '../layout.ts';

/** A stretch of a sensor's time whose samples are one partition. */
export interface Bucket {
  /** Names the partition. */
  readonly fromUs: number;
  readonly toUs: number;
}

const HOUR_US = 3_600e6;
const DAY_US = 24 * HOUR_US;

/** So many rows that a partition stays below some MB: an hour of 100 Hz, a day of 1 Hz, 30 days of a sample in five minutes. */
export const BUCKET_WIDTH_US: Readonly<Record<PartitionWidth, number>> = {
  fast: HOUR_US,
  normal: DAY_US,
  slow: 30 * DAY_US,
};

/** No bucket is longer. */
export const LONGEST_BUCKET_US = Math.max(...Object.values(BUCKET_WIDTH_US));

/** The bucket of a time: a multiple of the width that holds then, cut at the edges of its span. */
export function bucketAt({ widths }: LayoutSensor, timeUs: number): Bucket {
  let place = widths.length - 1;
  while (place > 0 && widths[place]!.fromUs > timeUs) place--;
  const { fromUs, width } = widths[place]!;
  const widthUs = BUCKET_WIDTH_US[width];
  const startUs = Math.floor(timeUs / widthUs) * widthUs;
  return {
    fromUs: Math.max(fromUs, startUs),
    toUs: Math.min(startUs + widthUs, widths[place + 1]?.fromUs ?? Infinity),
  };
}
