import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  betterOverADay,
  betterThisHour,
  widthsWith,
} from '../../../../src/backend/cassandra/catalogue/partition-widths.ts';
import { SampleRates } from '../../../../src/backend/cassandra/catalogue/sample-rates.ts';
import {
  FIRST_WIDTHS,
  parseWidths,
  printWidths,
} from '../../../../src/backend/cassandra/catalogue/widths-text.ts';
import type { PartitionWidth, WidthSpan } from '../../../../src/backend/cassandra/layout.ts';
import { DAY_START_US } from '../../rows.ts';

const HOUR_US = 3_600e6;
const DAY_US = 24 * HOUR_US;
const anyWidth = fc.constantFrom<PartitionWidth[]>('slow', 'normal', 'fast');

/** What the rates say of a sensor with evenly spaced samples, at which hour after the start. */
function verdicts(everySeconds: number, hours: number, present: PartitionWidth): [number, string][] {
  const rates = new SampleRates();
  const told: [number, string][] = [];
  for (let seconds = 0; seconds < hours * 3_600; seconds += everySeconds) {
    const width = rates.count(5, DAY_START_US + seconds * 1e6, () => present);
    if (width !== undefined) told.push([Math.floor(seconds / 3_600), width]);
  }
  return told;
}

describe('partition widths', () => {
  test('become fast within the first hour that has two samples a second', () => {
    expect(verdicts(0.4, 1, 'normal')).toEqual([[0, 'fast']]);
    expect(verdicts(0.4, 1, 'fast')).toEqual([]);
    expect(verdicts(0.6, 1, 'normal')).toEqual([]);
  });

  test('become slow after a whole day with fewer than one sample in five minutes', () => {
    expect(verdicts(600, 24 * 3, 'normal')).toEqual([[48, 'slow']]);
    expect(verdicts(200, 24 * 3, 'normal')).toEqual([]);
  });

  test('go back only when the rate is clearly another one', () => {
    expect(verdicts(200, 24 * 3, 'slow')).toEqual([]);
    expect(verdicts(100, 24 * 3, 'slow')).toEqual([[48, 'normal']]);
    expect(betterOverADay('fast', 24 * 4_000)).toBeUndefined();
    expect(betterOverADay('fast', 24 * 3_000)).toBe('normal');
    expect(betterThisHour('slow')).toBe('fast');
  });

  test('change only beyond whatever may have been written, and on the edge of the new width', () => {
    const nowUs = DAY_START_US + 10 * HOUR_US + 1;
    const fast = widthsWith(FIRST_WIDTHS, 'fast', 0, nowUs);
    expect(fast).toEqual([...FIRST_WIDTHS, { fromUs: DAY_START_US + 12 * HOUR_US, width: 'fast' }]);
    const later = widthsWith(FIRST_WIDTHS, 'fast', nowUs + 5 * HOUR_US, nowUs);
    expect(later.at(-1)?.fromUs).toBe(DAY_START_US + 17 * HOUR_US);
    expect(widthsWith(FIRST_WIDTHS, 'slow', 0, nowUs).at(-1)!.fromUs % (30 * DAY_US)).toBe(0);
  });

  test('take back what has not begun yet, and never touch a span that may have samples', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyWidth, fc.nat(100)), { maxLength: 80 }), (changes) => {
        let nowUs = DAY_START_US;
        let widths: readonly WidthSpan[] = FIRST_WIDTHS;
        for (const [width, hours] of changes) {
          nowUs += hours * HOUR_US;
          const next = widthsWith(widths, width, nowUs, nowUs);
          const settled = widths.filter(({ fromUs }) => fromUs <= nowUs + HOUR_US);
          expect(next.slice(0, settled.length)).toEqual(settled);
          for (const { fromUs } of next.slice(settled.length))
            expect(fromUs).toBeGreaterThan(nowUs + HOUR_US);
          const starts = next.map(({ fromUs }) => fromUs);
          expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b));
          widths = next;
        }
        expect(parseWidths(printWidths(widths))).toEqual(widths);
      }),
    );
  });

  test('that are none are refused', () => {
    expect(() => parseWidths('x')).toThrow('no partition widths: x');
    expect(() => parseWidths('n fNaN')).toThrow(TypeError);
  });
});
