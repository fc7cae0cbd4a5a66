import { describe, expect, it } from 'vitest';
import { heightRange } from '../../src/page/plot.ts';

describe('the plot’s height', () => {
  const percent = { name: 'curve', bounds: [0, 100] } as const;

  it('is a little more than the values need', () => {
    const [low, high] = heightRange({ name: 'curve' }, 20, 40);
    expect(low).toBeLessThan(20);
    expect(high).toBeGreaterThan(40);
  });

  it('stays within the usual range while the values do', () => {
    expect(heightRange(percent, 3, 100)).toEqual([0, 100]);
    expect(heightRange(percent, 100, 100)[1]).toBe(100);
    expect(heightRange(percent, 100, 100)[0]).toBeLessThan(100);
    expect(heightRange(percent, 0, 0)[1]).toBeGreaterThan(0);
    expect(heightRange(percent, 50, 120)[1]).toBeGreaterThan(120);
  });

  it('has a range before there are values, and one place a level', () => {
    expect(heightRange({ name: 'curve' }, null, null)).toEqual([0, 1]);
    expect(heightRange(percent, null, null)).toEqual([0, 100]);
    expect(heightRange({ name: 'levels', levels: ['off', 'on'] }, 0, 0)).toEqual([-0.5, 1.5]);
  });
});
