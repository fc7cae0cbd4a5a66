import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkSample,
  encodeSample,
  MalformedSampleError,
  parseSample,
  toMicroseconds,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { observations, timesUs } from './arbitraries.ts';

const GOOD = {
  name: 'wx_wind',
  time: 1795305601.366265,
  value_ts: 1795305601.25,
  status: 'nominal',
  value: 3.5,
};
const ADDRESS = { component: 'wx', sensor: 'wind' };
const NOW_US = 1795305601_500_000;

function fieldAtFault(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MalformedSampleError) return error.field;
    throw error;
  }
  return 'none';
}

describe('a sample', () => {
  it('reads back as it was written, to the microsecond', () => {
    fc.assert(
      fc.property(timesUs, timesUs, observations, (timeUs, valueTimeUs, { status, value }) => {
        const sample = parseSample(Buffer.from(encodeSample('wx_wind', timeUs, valueTimeUs, status, value)));
        expect(toMicroseconds(sample.time)).toBe(timeUs);
        expect(toMicroseconds(sample.value_ts)).toBe(valueTimeUs);
        expect(sample).toMatchObject({ name: 'wx_wind', status });
        // Lone surrogates have no UTF-8: they travel escaped and come back.
        expect(sample.value).toStrictEqual(value);
        expect(validate('sample', sample)).toBe(sample);
      }),
    );
  });

  it('carries a time before 1970', () => {
    const sample = parseSample(encodeSample('wx_wind', 1, -1_500_000, 'nominal', 0));
    expect(toMicroseconds(sample.value_ts)).toBe(-1_500_000);
  });

  it.each([
    ['(payload)', 'not JSON'],
    ['(payload)', '[1]'],
    ['(payload)', 'null'],
    ['name', { ...GOOD, name: 7 }],
    ['name', { ...GOOD, name: '' }],
    ['time', { ...GOOD, time: '1795305601' }],
    ['value_ts', { ...GOOD, value_ts: null }],
    ['status', { ...GOOD, status: 'fine' }],
    ['value', { ...GOOD, value: undefined }],
    ['value', { ...GOOD, value: { x: 1 } }],
    ['value', { ...GOOD, value: ['NaN', true] }],
    ['value', { ...GOOD, value: null }],
  ])('is refused naming %s: %j', (field, document) => {
    const text = typeof document === 'string' ? document : JSON.stringify(document);
    expect(fieldAtFault(() => parseSample(text))).toBe(field);
  });

  it('is refused when it is not UTF-8', () => {
    const bytes = Buffer.from(JSON.stringify({ ...GOOD, value: 'x' }));
    bytes[bytes.indexOf('x')] = 0xff;
    expect(() => parseSample(bytes)).toThrow(/UTF-8/);
  });

  it('may lack a value only with a status that says why', () => {
    expect(parseSample(JSON.stringify({ ...GOOD, status: 'unreachable', value: null })).value).toBeNull();
  });

  it('is refused by anything that is not a sample, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => parseSample(bytes)).toThrow(MalformedSampleError);
      }),
    );
  });

  it.each([
    ['name', { name: 'wx_rain' }],
    ['time', { time: NOW_US / 1e6 + 3601 }],
    ['time', { time: NOW_US / 1e6 - 11 * 366 * 86400 }],
    ['time', { time: Infinity }],
    ['value_ts', { value_ts: 1e300 }],
    ['none', { time: NOW_US / 1e6 + 3599 }],
  ])('is quarantined naming %s when it does not fit: %j', (field, change) => {
    const sample = { ...parseSample(JSON.stringify(GOOD)), ...change };
    expect(fieldAtFault(() => checkSample(sample, ADDRESS, NOW_US))).toBe(field);
  });
});
