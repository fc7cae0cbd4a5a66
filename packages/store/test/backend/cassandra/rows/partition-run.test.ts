import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketAt } from '../../../../src/backend/cassandra/rows/bucket.ts';
import { partitionRuns } from '../../../../src/backend/cassandra/rows/partition-run.ts';
import { DAY_START_US, sampleRow } from '../../rows.ts';
import { LayoutSensors } from './layout-batch.ts';

const HOUR_US = 3_600e6;

describe('a batch by partitions', () => {
  test('has each identity once, the last of it, in order of time within its partition', () => {
    const names = ['a', 'b', 'c'];
    const anySample = fc.record({
      sensor: fc.constantFrom(...names),
      timeUs: fc.integer({ min: 0, max: 60 }).map((hours) => DAY_START_US + hours * HOUR_US),
    });
    fc.assert(
      fc.property(fc.array(anySample, { maxLength: 60 }), fc.boolean(), (samples, areFewOfMany) => {
        const sensors = new LayoutSensors(1);
        // Many sensors before: numbers are then compared, not counted.
        if (areFewOfMany)
          for (let place = 0; place < 1_000; place++)
            sensors.add({ component: 'other', sensor: `s${place}` });
        const known = new Map(names.map((sensor) => [sensor, sensors.add({ component: 'wx', sensor })]));
        const batch = sensors.batch(
          samples.map((sample, value) => sampleRow({ ...sample, value })),
          0,
        );
        const model = new Map<string, number>();
        for (const [row, { sensor, timeUs }] of samples.entries()) {
          const { fromUs } = bucketAt(known.get(sensor)!, timeUs);
          model.set(`${sensor} ${fromUs} ${timeUs}`, row);
        }
        const found = new Map<string, number>();
        for (const { sensor, bucket, rows } of partitionRuns(batch)) {
          const times = [...rows].map((row) => batch.columns.times[row]!);
          expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
          expect(rows.length).toBeGreaterThan(0);
          for (const row of rows) {
            expect(batch.sensorOf(batch.columns.sensors[row]!)).toBe(sensor);
            found.set(`${sensor.sensor} ${bucket.fromUs} ${batch.columns.times[row]!}`, row);
          }
        }
        expect(found).toEqual(model);
      }),
    );
  });
});
