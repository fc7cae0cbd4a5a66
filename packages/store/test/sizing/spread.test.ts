import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spreadOf } from '../../src/sizing/spread.ts';

test('a spread has the quarters of figures in any order', () => {
  const figures = Array.from({ length: 101 }, (_, place) => (place * 37) % 101);
  expect(spreadOf(figures)).toEqual({ p5: 5, p25: 25, median: 50, p75: 75, p95: 95 });
  expect(spreadOf([1, 2])).toMatchObject({ median: 1.5, p75: 1.75 });
  expect(spreadOf([])).toBeUndefined();
});

test('a spread is in order, and within what was measured', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1 }), (figures) => {
      const spread = Object.values(spreadOf(figures)!) as number[];
      expect(spread).toEqual(spread.toSorted((a, b) => a - b));
      expect(spread[0]).toBeGreaterThanOrEqual(Math.min(...figures));
      expect(spread.at(-1)).toBeLessThanOrEqual(Math.max(...figures));
    }),
  );
});
