import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTime, toMicroseconds, toSeconds, wallClockUs } from '@katbus/protocol';
import { timesUs } from './arbitraries.ts';

const NOW = 1795305600;

describe('a time', () => {
  it('keeps its microsecond through seconds', () => {
    fc.assert(
      fc.property(timesUs, (us) => {
        expect(toMicroseconds(toSeconds(us))).toBe(us);
      }),
    );
  });

  it.each([
    ['now', NOW],
    ['-90s', NOW - 90],
    ['-1.5h', NOW - 5400],
    ['-7d', NOW - 7 * 86400],
    ['1795305601.5', 1795305601.5],
    ['2026-11-22', 1795305600],
    ['2026-11-22T00:00:01Z', 1795305601],
    ['2026-11-22 00:00:01', 1795305601],
    ['2026-11-22T02:00:00+02:00', 1795305600],
  ])('is read from %s', (text, seconds) => {
    expect(parseTime(text, NOW)).toBe(seconds);
  });

  it.each(['', 'yesterday', '-1w', '1h', '2026-13-01', '22.11.2026', '12:00'])(
    'is not read from %j',
    (text) => {
      expect(() => parseTime(text, NOW)).toThrow(/is no time/);
    },
  );

  it('of the wall clock agrees with the system and does not step back', () => {
    let last = 0;
    for (let round = 0; round < 100_000; round += 1) {
      const nowUs = wallClockUs();
      expect(Math.abs(nowUs / 1000 - Date.now())).toBeLessThan(50);
      if (nowUs < last) throw new Error(`stepped back by ${last - nowUs} us`);
      last = nowUs;
    }
  });
});
