import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashedId, SensorIds } from '../../../src/backend/cassandra/sensor-id.ts';

const anyToken = fc.stringMatching(/^[A-Za-z0-9_]{1,20}$/);

describe('ids of sensors', () => {
  test('are the first 52 bits of the SHA-256 of the name, positive integers', () => {
    fc.assert(
      fc.property(anyToken, anyToken, (component, sensor) => {
        const id = hashedId({ component, sensor });
        const digest = createHash('sha256').update(`${component}.${sensor}`).digest('hex');
        expect(id).toBe(Number.parseInt(digest.slice(0, 13), 16));
        expect(Number.isSafeInteger(id) && id > 0).toBe(true);
      }),
    );
  });

  test('are the same in each catalogue, and the next free one where another sensor has it', () => {
    const address = { component: 'wx', sensor: 'wind' };
    const id = hashedId(address);
    expect(new SensorIds().idFor(address)).toBe(id);
    const ids = new SensorIds();
    ids.take(id);
    ids.take(id + 1);
    expect(ids.idFor(address)).toBe(id + 2);
    expect(ids.idFor(address)).toBe(id + 3);
  });
});
