import { expect, test } from 'vitest';
import { Pace } from '../../src/sizing/pace.ts';

test('a plan that keeps its time gets all that it was to get', () => {
  const pace = new Pace(3_000, 4_000, 0);
  expect(pace.take(1_000, 0)).toBe(1_000);
  expect(pace.take(2_000, 1_500)).toBe(2_000);
});

test('what follows something slow gets less, and all of it keeps the time', () => {
  const pace = new Pace(10_000, 10_000, 0);
  let nowMs = 0;
  for (let step = 0; step < 10; step++) {
    const lastsMs = pace.take(1_000, nowMs);
    nowMs += step === 2 ? 4_000 : lastsMs;
  }
  expect(nowMs).toBeCloseTo(10_000, 3);
});

test('nothing gets so little that it would say nothing', () => {
  expect(new Pace(10_000, 10, 0).take(1_000, 5_000)).toBe(150);
});

test('without a limit it takes as long as it takes', () => {
  expect(new Pace(10_000, Infinity, 0).take(1_000, 1e9)).toBe(1_000);
});
