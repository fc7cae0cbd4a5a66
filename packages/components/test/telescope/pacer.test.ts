import { describe, expect, it } from 'vitest';
import { Pacer } from '../../src/telescope/pacer.ts';

describe('the pacer', () => {
  it('deals with each place equally often and evenly over time, however uneven its calls', () => {
    const counts = new Array<number>(1_000).fill(0);
    let dealt = 0;
    const pacer = new Pacer({
      count: counts.length,
      ratePerSecond: 2,
      deal: (place) => {
        counts[place] = (counts[place] ?? 0) + 1;
        dealt += 1;
      },
    });
    pacer.advance(100);
    expect(dealt).toBe(0);
    let seconds = 100;
    for (let call = 0; call < 300; call += 1) {
      const step = call % 3 === 0 ? 0.05 : 0.025;
      const before = dealt;
      pacer.advance((seconds += step));
      expect(Math.abs(dealt - before - step * 2_000)).toBeLessThanOrEqual(1);
    }
    expect(dealt).toBe(Math.floor(10 * 2_000 + 1e-6));
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(pacer.skipped).toBe(0);
  });

  it('makes up for at most one round, and counts what it left out', () => {
    let dealt = 0;
    const pacer = new Pacer({ count: 10, ratePerSecond: 1, deal: () => (dealt += 1) });
    pacer.advance(0);
    pacer.advance(5);
    expect(dealt).toBe(10);
    expect(pacer.skipped).toBe(40);
  });
});
