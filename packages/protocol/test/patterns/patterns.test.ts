import { describe, expect, it } from 'vitest';
import { MalformedPatternError, natsPattern, sensorGlob } from '@katbus/protocol';

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

  it.each(['x{a..z}{a..z}*', '*{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}'])(
    'is refused rather than cut short when its braces stand for too many globs with wildcards: %s',
    (glob) => {
      expect(() => sensorGlob(glob)).toThrow('more than 256 globs');
    },
  );

  it('is refused when its braces stand for more globs than anybody writes', () => {
    expect(() => sensorGlob('{a,b}'.repeat(20))).toThrow('more than 256 globs');
    expect(sensorGlob('m{000..063}.rsc').matches('m063.rsc')).toBe(true);
  });

  it('does not backtrack', () => {
    const glob = sensorGlob(`${'*a'.repeat(100)}b`);
    expect(glob.matches('a'.repeat(250))).toBe(false);
    expect(glob.matches(`${'a'.repeat(250)}b`)).toBe(true);
  });
});
