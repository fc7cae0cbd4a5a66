import { describe, expect, it } from 'vitest';
import { decodeFloat, encodeFloat, hasChanged, sameValue, valueFault } from '@katbus/protocol';

describe('a value', () => {
  it.each([
    [1, 'integer'],
    [-(2 ** 53 - 1), 'integer'],
    [1.5, 'float'],
    ['NaN', 'float'],
    [1795305601.5, 'timestamp'],
    [false, 'boolean'],
    ['', 'string'],
    ['nominal', 'lru'],
    ['[::1]:8090', 'address'],
    ['m000.local:7147', 'address'],
    [[1, '-Infinity'], 'float[]'],
    [[], 'float[]'],
    [null, 'integer'],
    [{ any: 'thing' }, 'a type of another system'],
  ])('%j is of type %s', (value, type) => {
    expect(valueFault(value, type)).toBeUndefined();
  });

  it.each([
    [1.5, 'integer'],
    [2 ** 53, 'integer'],
    ['1', 'integer'],
    ['nan', 'float'],
    [true, 'float'],
    ['NaN', 'timestamp'],
    [0, 'boolean'],
    [1, 'string'],
    ['warn', 'lru'],
    ['no host', 'address'],
    [[1, 'x'], 'float[]'],
    [1, 'float[]'],
  ])('%j is not of type %s', (value, type) => {
    expect(valueFault(value, type)).toMatch(/must/);
  });

  it('of a discrete sensor is one of its values', () => {
    expect(valueFault('on', 'discrete', ['on', 'off'])).toBeUndefined();
    expect(valueFault('of', 'discrete', ['on', 'off'])).toBe('must be one of on, off');
  });

  it('that is a float travels and comes back', () => {
    for (const value of [0, -1.5, NaN, Infinity, -Infinity])
      expect(decodeFloat(encodeFloat(value))).toBe(value);
    expect(decodeFloat('1')).toBeUndefined();
  });
});

describe('a dead band', () => {
  it('of null counts every update, of 0 every change', () => {
    expect(hasChanged(null, 1, 1)).toBe(true);
    expect(hasChanged(0, 1, 1)).toBe(false);
    expect(hasChanged(0, 1, 1 + Number.EPSILON)).toBe(true);
  });

  it('is a distance, or a share of the last value', () => {
    expect(hasChanged(0.5, 1, 1.5)).toBe(false);
    expect(hasChanged(0.5, 1, 1.6)).toBe(true);
    expect(hasChanged({ relative: 0.1 }, -10, -11)).toBe(false);
    expect(hasChanged({ relative: 0.1 }, -10, -11.1)).toBe(true);
  });

  it('looks at any element of an array, and at its length', () => {
    expect(hasChanged(0.5, [1, 2], [1.2, 2])).toBe(false);
    expect(hasChanged(0.5, [1, 2], [1.2, 3])).toBe(true);
    expect(hasChanged(9, [1, 2], [1])).toBe(true);
  });

  it('takes NaN as equal to NaN only', () => {
    expect(sameValue('NaN', 'NaN')).toBe(true);
    expect(hasChanged(100, 'NaN', 3)).toBe(true);
    expect(hasChanged(100, ['NaN', 1], ['NaN', 1])).toBe(false);
  });

  it('knows that no value, false, 0 and the empty string differ', () => {
    const values = [null, false, 0, ''];
    for (const a of values) for (const b of values) expect(sameValue(a, b)).toBe(a === b);
  });
});
