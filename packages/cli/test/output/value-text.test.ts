import { describe, expect, it } from 'vitest';
import { ageText, isoText, utcText, valueText } from '../../src/output/value-text.ts';

describe('a value for a person', () => {
  it.each([
    [12.345678901, undefined, '12.34568'],
    [24355852288, undefined, '24355852288'],
    [1e-9, undefined, '1e-9'],
    ['NaN', 'float', 'NaN'],
    [false, 'boolean', 'false'],
    [0, 'integer', '0'],
    ['', 'string', ''],
    [null, 'float', '-'],
    [1_795_305_601.5, 'timestamp', '2026-11-22 00:00:01.500'],
    [[1, 2.5, 'NaN'], 'float[]', '[1, 2.5, NaN]'],
  ])('%j of type %s is %s', (value, type, text) => {
    expect(valueText(value, type)).toBe(text);
  });

  it('shows the first of many elements and how many there are', () => {
    expect(valueText(Array.from({ length: 10_000 }, (_, place) => place))).toBe(
      '[0, 1, 2, 3, 4, 5, … 10000 in all]',
    );
  });

  it('lets no control character through to the terminal', () => {
    expect(valueText('\u001b[2Jgone\u0007')).toBe('\\x1b[2Jgone\\x07');
  });
});

describe('times for a person', () => {
  it('are UTC', () => {
    expect(utcText(0)).toBe('1970-01-01 00:00:00.000');
    expect(utcText(1e300)).toBe('1e+300');
  });

  it('are exact to the microsecond in ISO 8601', () => {
    expect(isoText(1_795_305_601.366265)).toBe('2026-11-22T00:00:01.366265Z');
    expect(isoText(1_795_305_601)).toBe('2026-11-22T00:00:01.000000Z');
  });

  it.each([
    [0.01, 'now'],
    [1.26, '1.3 s'],
    [59.6, '60 s'],
    [600, '10 min'],
    [7_300, '2 h'],
    [400_000, '5 d'],
    [-30, 'in 30 s'],
  ])('%f s ago is "%s"', (seconds, text) => {
    expect(ageText(seconds)).toBe(text);
  });
});
