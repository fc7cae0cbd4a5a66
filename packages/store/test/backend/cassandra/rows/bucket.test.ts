import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BUCKET_WIDTH_US, bucketAt } from '../../../../src/backend/cassandra/rows/bucket.ts';
import type { LayoutSensor, PartitionWidth, WidthSpan } from '../../../../src/backend/cassandra/layout.ts';
import { DAY_START_US } from '../../rows.ts';

const HOUR_US = 3_600e6;

function sensorWith(widths: readonly WidthSpan[]): LayoutSensor {
  return { id: 1, component: 'wx', sensor: 'wind', widths };
}

const anyWidths = fc
  .record({
    first: fc.constantFrom<PartitionWidth>('slow', 'normal', 'fast'),
    changes: fc.uniqueArray(
      fc.record({
        fromUs: fc.integer({ min: -100, max: 100 }).map((hours) => DAY_START_US + hours * HOUR_US),
        width: fc.constantFrom<PartitionWidth>('slow', 'normal', 'fast'),
      }),
      { maxLength: 4, selector: ({ fromUs }) => fromUs },
    ),
  })
  .map(({ first, changes }): WidthSpan[] => [
    { fromUs: -Infinity, width: first },
    ...changes.toSorted((a, b) => a.fromUs - b.fromUs),
  ]);
const anyTime = fc.oneof(
  fc.integer({ min: -120 * HOUR_US, max: 120 * HOUR_US }).map((offset) => DAY_START_US + offset),
  fc.integer({ min: -9e15, max: 9e15 }),
);

describe('a bucket', () => {
  test('holds its time, is no longer than its width, and is that of each of its times', () => {
    fc.assert(
      fc.property(anyWidths, anyTime, fc.double({ min: 0, max: 1, noNaN: true }), (widths, timeUs, share) => {
        const sensor = sensorWith(widths);
        const { fromUs, toUs } = bucketAt(sensor, timeUs);
        expect(fromUs).toBeLessThanOrEqual(timeUs);
        expect(timeUs).toBeLessThan(toUs);
        const { width } = widths.findLast((span) => span.fromUs <= timeUs)!;
        expect(toUs - fromUs).toBeLessThanOrEqual(BUCKET_WIDTH_US[width]);
        const another = Math.min(toUs - 1, fromUs + Math.floor(share * (toUs - fromUs)));
        expect(bucketAt(sensor, another)).toEqual({ fromUs, toUs });
        expect(bucketAt(sensor, fromUs - 1).toUs).toBe(fromUs);
        expect(bucketAt(sensor, toUs).fromUs).toBe(toUs);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is a day of a new sensor, and an hour from the hour on in which it became fast', () => {
    const sensor = sensorWith([
      { fromUs: -Infinity, width: 'normal' },
      { fromUs: DAY_START_US + 11 * HOUR_US, width: 'fast' },
    ]);
    expect(bucketAt(sensor, DAY_START_US + 5)).toEqual({
      fromUs: DAY_START_US,
      toUs: DAY_START_US + 11 * HOUR_US,
    });
    expect(bucketAt(sensor, DAY_START_US + 12.5 * HOUR_US)).toEqual({
      fromUs: DAY_START_US + 12 * HOUR_US,
      toUs: DAY_START_US + 13 * HOUR_US,
    });
  });
});
