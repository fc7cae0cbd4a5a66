import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeSample,
  parseSample,
  SampleScanner,
  STATUSES,
  statusRank,
  toMicroseconds,
  type Sample,
} from '@katbus/protocol';

const encoder = new TextEncoder();
const SUBJECT = encoder.encode('sensor.archive.wx.station_wind_speed');
const NAME = 'wx_station_wind_speed';
const scanner = new SampleScanner();

function scan(payload: string): boolean {
  return scanner.scan(encoder.encode(payload), SUBJECT, 'sensor.archive.'.length);
}

/** What the scanner read, as the parser would have it. */
function expectSame(payload: string): void {
  const { time, value_ts, status, value }: Sample = parseSample(payload);
  expect([scanner.timeUs, scanner.valueTimeUs]).toEqual([toMicroseconds(time), toMicroseconds(value_ts)]);
  expect(scanner.statusRank).toBe(statusRank(status));
  expect(Object.is(scanner.value, value), `${String(scanner.value)} for ${payload}`).toBe(true);
}

const status = fc.constantFrom(...STATUSES);
const timeUs = fc.oneof(fc.integer({ min: 1.7e15, max: 1.9e15 }), fc.integer({ min: 0, max: 2.25e15 }));

describe('a sample as the broker writes it', () => {
  test('is read as the parser reads it, whatever its times and value', () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.integer({ min: -1e6, max: 1e6 }).map((number) => number / 1000),
      fc.constantFrom(0, -0, 1e15, 999999999999999, 0.1, 0.000001, 1e-7, 1e21, 5e-324),
      fc.boolean(),
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constant(null),
      fc.constantFrom('NaN', 'Infinity', '"', '\\', ''),
    );
    let read = 0;
    fc.assert(
      fc.property(timeUs, timeUs, status, value, (time, valueTime, statusName, sampleValue) => {
        const payload = encodeSample(NAME, time, valueTime, statusName, sampleValue);
        if (!scan(payload)) return;
        read++;
        if (sampleValue === null) return;
        expectSame(payload);
      }),
      { numRuns: 5_000 },
    );
    // Most are of the plain kind; if they were not, the scanner would be of no use.
    expect(read).toBeGreaterThan(2_000);
  });

  test('of the time after May 2041, when a double of seconds and back may be a microsecond off, the parser decides', () => {
    const time = (seconds: number) =>
      `{"name":"${NAME}","time":${seconds},"value_ts":1.000001,"status":"nominal","value":1}`;
    expect([scan(time(2_251_799_812)), scan(time(2_251_799_813))]).toEqual([true, false]);
  });

  test('numbers of up to fifteen digits, with and without a point, are the same doubles', () => {
    const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(fc.boolean(), digits, fc.option(digits), (isNegative, whole, decimals) => {
        const number = `${isNegative ? '-' : ''}${whole}${decimals === null ? '' : `.${decimals}`}`;
        const payload = `{"name":"${NAME}","time":1795305601.5,"value_ts":1795305601,"status":"nominal","value":${number}}`;
        if (scan(payload)) expectSame(payload);
        else
          expect(
            (whole.length > 1 && whole.startsWith('0')) || whole.length + (decimals?.length ?? 0) > 15,
          ).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test('times with any number of digits are the same microseconds, or are left to the parser', () => {
    const seconds = fc.integer({ min: 0, max: 2_251_799_812 });
    const fraction = fc.option(
      fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 8 }),
    );
    fc.assert(
      fc.property(seconds, fraction, (whole, decimals) => {
        const time = decimals === null ? String(whole) : `${whole}.${decimals}`;
        const payload = `{"name":"${NAME}","time":${time},"value_ts":${time},"status":"warn","value":1}`;
        expect(scan(payload)).toBe((decimals ?? '').length <= 6);
        if ((decimals ?? '').length <= 6) expectSame(payload);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('what is not of that shape', () => {
  const good = encodeSample(NAME, 1795305601366265, 1795305601350000, 'unknown', 6.5);

  test('is left to the parser: changed anywhere, it is read like the parser or not at all', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: good.length - 1 }),
        fc.nat({ max: 3 }),
        fc.string({ unit: fc.constantFrom(...'0123456789.-+eE",:{}[]\\ trufalsn_'), maxLength: 3 }),
        (place, removed, added) => {
          const payload = good.slice(0, place) + added + good.slice(place + removed);
          if (!scan(payload)) return;
          // The parser takes it too, and finds the same.
          expectSame(payload);
          expect(parseSample(payload).name).toBe(NAME);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test.each([
    [
      'another order of fields',
      '{"time":1,"name":"wx_station_wind_speed","value_ts":1,"status":"warn","value":1}',
    ],
    ['a field more', good.replace('}', ',"x":1}')],
    ['white space', good.replace(':', ': ')],
    ['an exponent', good.replace('6.5', '6.5e3')],
    ['an array', good.replace('6.5', '[6.5]')],
    ['another name', good.replace('wx_', 'wy_')],
    ['a longer name', good.replace('speed', 'speeds')],
    ['an escape', good.replace('6.5', '"\\u0041"')],
    ['letters beyond ASCII', good.replace('6.5', '"°"')],
    ['half of it', good.slice(0, 60)],
    ['nothing', ''],
    ['a byte more', `${good} `],
  ])('%s', (_, payload) => {
    expect(scan(payload)).toBe(false);
  });
});
