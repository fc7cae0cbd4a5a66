import { describe, expect, it } from 'vitest';
import { parseSeconds } from '../../src/portal/duration.ts';
import { strategyOf } from '../../src/portal/strategy-options.ts';

describe('the options of a sampling strategy', () => {
  it('make one', () => {
    expect(strategyOf({})).toBeUndefined();
    expect(strategyOf({ strategy: 'event' })).toEqual({ name: 'event' });
    expect(strategyOf({ strategy: 'event-rate', min: 1, max: 60 })).toEqual({
      name: 'event-rate',
      minSeconds: 1,
      maxSeconds: 60,
    });
  });

  it.each([
    [{ period: 1 }, '--period needs --strategy'],
    [{ strategy: 'period' as const }, '--strategy period needs --period'],
    [{ strategy: 'event' as const, min: 1 }, '--strategy event takes no --min'],
    [{ strategy: 'event-rate' as const, min: 2, max: 1 }, '--max must be 0'],
    [{ strategy: 'period' as const, period: 0 }, '--period must be a number from 0.01'],
  ])('%j are refused in one line', (options, line) => {
    expect(() => strategyOf(options)).toThrow(line);
  });

  it('take times in seconds, or with a unit', () => {
    expect(['0.5', '10s', '2m', '1h'].map(parseSeconds)).toEqual([0.5, 10, 120, 3_600]);
    expect(() => parseSeconds('soon')).toThrow('It is a time');
  });
});
