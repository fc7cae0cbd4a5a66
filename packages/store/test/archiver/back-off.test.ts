import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BackOff } from '../../src/archiver/back-off.ts';

test('pauses double up to the bound, each shortened by at most half', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })), (randoms) => {
      const left = [...randoms];
      const backOff = new BackOff({ firstMs: 100, mostMs: 5_000 }, () => left.shift()!);
      for (const [attempt] of randoms.entries()) {
        const fullMs = Math.min(100 * 2 ** attempt, 5_000);
        const pauseMs = backOff.next();
        expect(pauseMs).toBeGreaterThan(fullMs / 2 - 1e-9);
        expect(pauseMs).toBeLessThanOrEqual(fullMs);
      }
    }),
  );
});

test('begins anew after a success', () => {
  const backOff = new BackOff({ firstMs: 100, mostMs: 5_000 }, () => 0);
  expect([backOff.next(), backOff.next()]).toEqual([100, 200]);
  backOff.reset();
  expect(backOff.next()).toBe(100);
});
