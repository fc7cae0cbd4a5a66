import { describe, expect, test } from 'vitest';
import { KnownBuckets } from '../../../../src/backend/cassandra/rows/bucket-registry.ts';
import type { LayoutSensor } from '../../../../src/backend/cassandra/layout.ts';

const DAY_US = 86_400e6;
const sensor: LayoutSensor = {
  id: 7,
  component: 'wx',
  sensor: 'wind',
  widths: [{ fromUs: -Infinity, width: 'normal' }],
};
const day = (number: number) => ({ fromUs: number * DAY_US, toUs: (number + 1) * DAY_US });

describe('buckets that a writer knows', () => {
  test('live for ever where samples do, else a bucket and a day longer than a sample', () => {
    expect(new KnownBuckets(0).valuesOf(sensor, day(3))).toEqual([7, 3 * DAY_US, 4 * DAY_US, 0]);
    expect(new KnownBuckets(10).valuesOf(sensor, day(3))).toEqual([7, 3 * DAY_US, 4 * DAY_US, 12 * 86_400]);
  });

  test('never ask for a longer life than Cassandra gives', () => {
    expect(new KnownBuckets(20 * 365).valuesOf(sensor, day(3))[3]).toBe(20 * 365 * 86_400);
  });

  test('are registered again when a sample comes so late that it would outlive them', () => {
    const known = new KnownBuckets(10);
    known.add(sensor, day(3), 0);
    expect(known.has(sensor, day(3), 86_399_999)).toBe(true);
    expect(known.has(sensor, day(3), 86_400_000)).toBe(false);
    const lasting = new KnownBuckets(0);
    lasting.add(sensor, day(3), 0);
    expect(lasting.has(sensor, day(3), Number.MAX_SAFE_INTEGER)).toBe(true);
  });

  test('are the last four of a sensor, each as long as it was last seen', () => {
    const known = new KnownBuckets(0);
    for (const number of [1, 2, 3, 4, 5]) known.add(sensor, day(number), 0);
    expect([1, 2, 3, 4, 5].map((number) => known.has(sensor, day(number), 0))).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
    expect(known.has({ ...sensor, id: 8 }, day(5), 0)).toBe(false);
    expect(known.has(sensor, { fromUs: 5 * DAY_US, toUs: 5.5 * DAY_US }, 0)).toBe(false);
    known.clear();
    expect(known.has(sensor, day(5), 0)).toBe(false);
  });
});
