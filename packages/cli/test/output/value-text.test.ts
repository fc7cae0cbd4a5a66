import { describe, expect, it } from 'vitest';
import { quantityText } from '../../src/output/quantity.ts';
import { ageText, utcText, valueText } from '../../src/output/value-text.ts';

describe('a value for a person', () => {
  it.each([
    [12.345678901, '12.34568'],
    [24355852288, '24355852288'],
    [1e-9, '1e-9'],
    ['NaN', 'NaN'],
    [false, 'false'],
    [0, '0'],
    ['', ''],
    [null, '-'],
    [[1, 2.5, 'NaN'], '[1, 2.5, NaN]'],
  ])('%j is %s', (value, text) => {
    expect(valueText(value)).toBe(text);
  });

  it('shows the first of many elements and how many there are', () => {
    expect(valueText(Array.from({ length: 10_000 }, (_, place) => place))).toBe(
      '[0, 1, 2, 3, 4, 5, … 10000 in all]',
    );
  });

  it('shows the beginning of a long text and how long it is', () => {
    expect(valueText('x'.repeat(200))).toBe('x'.repeat(200));
    expect(valueText('ä'.repeat(450_000))).toBe(`${'ä'.repeat(200)}… 450000 in all`);
    expect(valueText('🛰'.repeat(200))).toBe('🛰'.repeat(200));
  });

  it('lets no control character through to the terminal', () => {
    expect(valueText('\u001b[2Jgone\u0007')).toBe('\\x1b[2Jgone\\x07');
  });
});

describe('a value with its units', () => {
  it.each([
    [24_355_852_288, { units: 'B' }, '24.36 GB'],
    [-172_718, { units: 'B/s' }, '-172.7 kB/s'],
    [9_999, { units: 'B' }, '9999 B'],
    [24_355_852_288, { units: 'Hz' }, '24355852288 Hz'],
    [1_795_305_601.5, { type: 'timestamp', units: 's' }, '2026-11-22 00:00:01.500 UTC'],
    ['up', { type: 'discrete', units: '' }, 'up'],
    [null, { units: 'B' }, '- B'],
    [3.5, undefined, '3.5'],
  ])('%j with %j is %s', (value, attributes, text) => {
    expect(quantityText(value, attributes === undefined ? undefined : { name: 'x', ...attributes })).toBe(
      text,
    );
  });
});

describe('times for a person', () => {
  it('are UTC', () => {
    expect(utcText(0)).toBe('1970-01-01 00:00:00.000');
    expect(utcText(1e300)).toBe('1e+300');
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
