import { describe, expect, it } from 'vitest';
import { ageText, dateTimeText, hoursText, timeOfDayText } from '../../src/page/time-text.ts';
import { axisTexts, numberText, unitsText, valueText } from '../../src/page/value-text.ts';

describe('time text', () => {
  it.each([
    [-3, 'now'],
    [0.4, 'now'],
    [59.9, '59 s'],
    [60, '1 min'],
    [3_599, '59 min'],
    [7_300, '2 h'],
    [200_000, '2 d'],
  ])('an age of %d s reads %s', (seconds, text) => expect(ageText(seconds)).toBe(text));

  it('is UTC, and never throws', () => {
    expect(dateTimeText(1_795_305_601.366)).toBe('2026-11-22 00:00:01.366');
    expect(timeOfDayText(1_795_305_601.366)).toBe('00:00:01');
    expect(dateTimeText(1e20)).toBe('100000000000000000000');
  });

  it('writes hours of an angle, within a turn', () => {
    expect([13.5, 24.25, -1].map(hoursText)).toEqual(['13:30:00', '00:15:00', '23:00:00']);
  });
});

describe('value text', () => {
  it.each([
    [undefined, 'float', 'no sample'],
    [null, 'float', 'no value'],
    ['', 'string', '(empty)'],
    ['NaN', 'float', 'NaN'],
    [false, 'boolean', 'false'],
    [0, 'integer', '0'],
    [1_234_567, 'integer', '1\u202f234\u202f567'],
    [-1_234, 'integer', '-1\u202f234'],
    [0.1 + 0.2, 'float', '0.3'],
    [3_060_500.4, 'float', '3\u202f060\u202f500'],
    [9_007_199_254_740_991, 'integer', '9\u202f007\u202f199\u202f254\u202f740\u202f991'],
    [1.23456789e-7, 'float', '1.23457e-7'],
    [6.02214076e23, 'float', '6.02214e+23'],
    [1_795_305_601, 'timestamp', '2026-11-22 00:00:01'],
    [[1, 'NaN', 2.5], 'float[]', '[3] 1 NaN 2.5'],
    [[1, 2, 3, 4, 5, 6, 7, 8, 9], 'float[]', '[9] 1 2 3 4 5 6 7 8 …'],
  ])('%j of type %s reads %s', (value, type, text) => expect(valueText(value, type)).toBe(text));

  it('has no units where the value is shown as a date', () => {
    expect([unitsText('s', 'timestamp'), unitsText('s', 'float'), unitsText(undefined, 'float')]).toEqual([
      '',
      's',
      '',
    ]);
  });

  it('keeps what is not finite', () => expect(numberText(-Infinity)).toBe('-Infinity'));

  it.each([
    [
      [0, 5, 10],
      ['0', '5', '10'],
    ],
    [
      [30, 32.5, 35],
      ['30.0', '32.5', '35.0'],
    ],
    [
      [0.1, 0.15, 0.2],
      ['0.10', '0.15', '0.20'],
    ],
    [
      [7.6e9, 8e9, 8.4e9],
      ['7.6 G', '8.0 G', '8.4 G'],
    ],
    [
      [8.0355e9, 8.036e9],
      ['8.0355 G', '8.0360 G'],
    ],
    [
      [-2e-5, 0, 2e-5],
      ['-20 µ', '0 µ', '20 µ'],
    ],
    [[5], ['5.000']],
    [[0], ['0.000']],
  ])('an axis with steps at %j is labelled %j', (values, texts) => expect(axisTexts(values)).toEqual(texts));
});
