import { csvLine, isoText, toMicroseconds } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('a line of CSV', () => {
  test.each([
    [1.5, '1.5'],
    [false, 'false'],
    [null, ''],
    ['', '""'],
    ['plain', 'plain'],
    ['NaN', 'NaN'],
    ['a,b', '"a,b"'],
    ['a "b"\r\nc', '"a ""b""\r\nc"'],
    [[1, 'NaN'], '"[1,""NaN""]"'],
    [[1], '[1]'],
  ])('writes the value %j as %s', (value, field) => {
    const line = csvLine({ time: 1_795_305_600, value_ts: 1_795_305_599.5, status: 'nominal', value });
    expect(line).toBe(`1795305600,2026-11-22T00:00:00.000000Z,1795305599.5,nominal,${field}\r\n`);
  });

  test('has its time to the microsecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e15 }), (timeUs) => {
        const iso = isoText(timeUs / 1e6);
        const [, fraction = ''] = /\.(\d{6})Z$/.exec(iso) ?? [];
        const secondsUs = Date.parse(`${iso.slice(0, 19)}Z`) * 1_000;
        expect(secondsUs + Number(fraction)).toBe(toMicroseconds(timeUs / 1e6));
      }),
    );
  });

  test('has a time that no calendar has as a number', () => {
    expect(isoText(1e300)).toBe('1e+300');
    expect(isoText(-0.5)).toBe('1969-12-31T23:59:59.500000Z');
  });
});
