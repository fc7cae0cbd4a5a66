import fc from 'fast-check';
import { formatAddress } from '@katbus/protocol';
import { expect, test } from 'vitest';
import { MetSensor } from '../../../../src/backend/cassandra/catalogue/met-sensor.ts';
import { SortedSensors } from '../../../../src/backend/cassandra/catalogue/sorted-sensors.ts';
import { compareAddresses } from '../../../../src/backend/sensor-match.ts';

const anyAddress = fc.record({
  component: fc.constantFrom('a', 'b', 'B', 'b_1', 'c'),
  sensor: fc.stringMatching(/^[A-Za-z0-9_]{1,3}$/),
});

test('sorted sensors are those that were added, in order, from any place on', () => {
  const anySteps = fc.array(fc.array(anyAddress, { maxLength: 30 }), { maxLength: 5 });
  fc.assert(
    fc.property(anySteps, anyAddress, (steps, after) => {
      const sorted = new SortedSensors();
      const model = new Map<string, MetSensor>();
      for (const addresses of steps) {
        for (const address of addresses) {
          if (model.has(formatAddress(address))) continue;
          const sensor = new MetSensor(address, model.size);
          model.set(formatAddress(address), sensor);
          sorted.add(sensor);
        }
        const expected = [...model.values()].sort(compareAddresses);
        expect([...sorted.after(undefined)]).toEqual(expected);
        expect([...sorted.after(after)]).toEqual(
          expected.filter((sensor) => compareAddresses(sensor, after) > 0),
        );
        expect([...sorted.after(after, 'b')]).toEqual(
          expected.filter((sensor) => sensor.component === 'b' && compareAddresses(sensor, after) > 0),
        );
      }
      expect(sorted.count).toBe(model.size);
    }),
  );
});
