import { expect, test } from 'vitest';
import { MalformedDurationError, parseDuration } from '../src/duration.ts';

test.each([
  ['60s', 60],
  ['60', 60],
  ['0.5', 0.5],
  ['500ms', 0.5],
  ['15m', 900],
  ['1h', 3_600],
  ['7d', 604_800],
  [' 1.5h ', 5_400],
])('%s is %d seconds', (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});

test.each(['', '0', '0s', '-1m', '1y', 'm', '1e3', '1 h', 'NaN', 'Infinity'])(
  '"%s" is no duration',
  (text) => {
    expect(() => parseDuration(text)).toThrow(MalformedDurationError);
  },
);
