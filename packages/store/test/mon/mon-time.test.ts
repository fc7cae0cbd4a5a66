import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { monTimeUs } from '../../src/mon/mon-time.ts';

describe('a time of CTA', () => {
  test('is read to the microsecond from ISO 8601 and from seconds', () => {
    const us = 1_795_305_600_123_456;
    expect(monTimeUs('2026-11-22T00:00:00.123456Z', 'refuse')).toBe(us);
    expect(monTimeUs('2026-11-22 01:00:00.123456+01:00', 'refuse')).toBe(us);
    expect(monTimeUs('2026-11-22T00:00:00.123456', 'refuse')).toBe(us);
    expect(monTimeUs('1795305600.123456', 'refuse')).toBe(us);
    expect(monTimeUs('1795305600.1234560', 'refuse')).toBe(us);
    expect(monTimeUs('1795305600', 'refuse')).toBe(us - 123_456);
  });

  test('that is finer is floored, before 1970 too, or refused', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e15, max: 1e15 }),
        fc.integer({ min: 1, max: 999 }),
        (us, nanoseconds) => {
          const whole = BigInt(us) * 1_000n + BigInt(nanoseconds);
          const size = whole < 0n ? -whole : whole;
          const digits = String(size).padStart(10, '0');
          const text = `${whole < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)}`;
          expect(monTimeUs(text, 'floor')).toBe(us);
          expect(() => monTimeUs(text, 'refuse')).toThrow('is finer than a microsecond');
        },
      ),
    );
    expect(monTimeUs('2026-11-22T00:00:00.9999999Z', 'floor')).toBe(1_795_305_600_999_999);
  });

  test('that is none is told', () => {
    for (const text of ['', 'now', '2026-11-22', '2026-13-22T00:00:00Z', '1e9', '1.', 'NaN'])
      expect(monTimeUs(text, 'floor')).toBeUndefined();
  });
});
