import { describe, expect, it } from 'vitest';
import { MalformedPatternError, natsPattern, regularExpression, sensorGlob } from '@katbus/protocol';

describe('a NATS pattern', () => {
  it.each([
    ['sensor.>', 'sensor.archive.wx.wind', true],
    ['sensor.>', 'sensor', false],
    ['sensor.*.wx.*', 'sensor.normal.wx.wind', true],
    ['sensor.*.wx.*', 'sensor.normal.wx', false],
    ['sensor.*.wx', 'sensor.normal.wx.wind', false],
    ['sensor.normal.wx.wind', 'sensor.normal.wx.wind', true],
    ['sensor.normal.wx.wind', 'sensor.normal.wx.wind2', false],
    ['*', 'sensor', true],
    ['>', 'sensor.a', true],
  ])('%s on %s: %s', (pattern, subject, matches) => {
    expect(natsPattern(pattern).matches(subject)).toBe(matches);
  });

  it.each([
    '',
    '.',
    'a..b',
    'a.',
    '>.a',
    'a.b*',
    'a.>b',
    'a b',
    'a.\tb',
    'a\r\nPUB x 0',
    'x'.repeat(600),
    'a.'.repeat(20) + 'a',
  ])('is refused: %j', (pattern) => {
    expect(() => natsPattern(pattern)).toThrow(MalformedPatternError);
  });

  it('knows when it is literal', () => {
    expect(natsPattern('a.b').literal).toBe('a.b');
    expect(natsPattern('a.*').literal).toBeUndefined();
  });
});

describe('a sensor glob', () => {
  it.each([
    ['wx.*', 'wx.station.wind-speed', true],
    ['*.wind-?peed', 'wx.wind-speed', true],
    ['{m000,m001}.rsc.*', 'm001.rsc.rxl.lna', true],
    ['m00[0-3].*', 'm004.x', false],
    ['#wx', '#wx', true],
    ['wx', 'wx.wind', false],
  ])('%s on %s: %s', (glob, name, matches) => {
    expect(sensorGlob(glob).matches(name)).toBe(matches);
  });

  it('is refused when it is empty or too long', () => {
    expect(() => sensorGlob('')).toThrow(/characters/);
    expect(() => sensorGlob('x'.repeat(300))).toThrow(/characters/);
  });
});

describe('a regular expression', () => {
  it('is searched anywhere unless anchored', () => {
    expect(regularExpression('wind').matches('wx_wind_speed')).toBe(true);
    expect(regularExpression('^wind').matches('wx_wind_speed')).toBe(false);
    expect(regularExpression('sp[e]+d$').matches('wx_wind_speed')).toBe(true);
  });

  it('that lists names becomes a look-up with the same answers', () => {
    const listed = regularExpression('^(?:wx_wind|wx\\.rain|m000\\-x)$');
    expect(listed.matches('wx.rain')).toBe(true);
    expect(listed.matches('wxxrain')).toBe(false);
    expect(listed.matches('m000-x')).toBe(true);
    expect(regularExpression('^wx_wind$').literal).toBe('wx_wind');
    expect(regularExpression('^a|b$').matches('ax')).toBe(true);
  });

  it('takes linear time where a backtracking engine would hang', () => {
    const started = performance.now();
    expect(regularExpression('^(a+)+$').matches(`${'a'.repeat(5_000)}!`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each(['(', '[', 'a{99999}', '(?=x)', 'x'.repeat(70_000)])('is refused: %.20j', (source) => {
    expect(() => regularExpression(source)).toThrow(MalformedPatternError);
  });
});
