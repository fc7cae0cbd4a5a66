import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../src/backoff.ts';

describe('backoff', () => {
  it('waits a random part of a bound that doubles with each failure until the longest', () => {
    const options = { firstDelayMs: 500, longestDelayMs: 15_000, random: () => 1 };
    const bounds = [0, 1, 2, 3, 4, 5, 6, 1_000].map((failures) => backoffMs(failures, options));
    expect(bounds).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  it('spreads clients over the whole range, from nothing to the bound', () => {
    fc.assert(
      fc.property(
        fc.nat(2_000),
        fc.nat(60_000),
        fc.nat(60_000),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (failures, firstDelayMs, longestDelayMs, part) => {
          const delayMs = backoffMs(failures, { firstDelayMs, longestDelayMs, random: () => part });
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(longestDelayMs);
          expect(backoffMs(failures, { firstDelayMs, longestDelayMs, random: () => 0 })).toBe(0);
        },
      ),
    );
  });
});
