import { encodeSample, wallClockUs } from '@katbus/protocol';
import { describe, expect, test } from 'vitest';
import { MalformedMessageError, readMessage } from '../../src/delivery/read-message.ts';

const nowUs = wallClockUs();
const bytes = (text: string) => Buffer.from(text);
const sample = encodeSample('wx_rain', nowUs, nowUs, 'nominal', 1);

describe('a message of the bus', () => {
  test('that is a sample keeps its text and gets its sensor and time', () => {
    const [publication] = readMessage('sensor.normal.wx.rain', bytes(sample), nowUs);
    expect(publication).toMatchObject({ kind: 'sample', key: 'wx.rain', json: sample, timeUs: nowUs });
  });

  test('that begins with a byte order mark loses it, because it stands inside other JSON', () => {
    const [publication] = readMessage('sensor.normal.wx.rain', bytes(`\ufeff${sample}`), nowUs);
    expect(publication?.json).toBe(sample);
  });

  test('that has attributes of several sensors is several publications', () => {
    const list = bytes('[{"name":"wx_a","extra":1},{"name":"wx_b"}]');
    const publications = readMessage('attributes.wx', list, nowUs);
    expect(publications.map(({ key, json }) => [key, JSON.parse(json) as unknown])).toEqual([
      ['attributes wx.a', { name: 'wx_a', extra: 1 }],
      ['attributes wx.b', { name: 'wx_b' }],
    ]);
  });

  test.each([
    ['sensor.archive.wx.rain', 'nonsense', /JSON/],
    ['sensor.archive.wx.rain', sample.replace('wx_rain', 'wx_snow'), /does not fit the subject/],
    ['sensor.archive.wx', sample, /not that of a sensor/],
    ['sensor.archive.wx.rain.more', sample, /not that of a sensor/],
    ['sensor.fast.wx.rain', sample, /not that of a sensor/],
    ['sensor.archive.wx.rain', encodeSample('wx_rain', 0, 0, 'nominal', 1), /ten years/],
    ['sensor.archive.wx.rain', encodeSample('wx_rain', nowUs + 2 * 3600e6, 0, 'nominal', 1), /hour ahead/],
    ['sensor.archive.wx.rain', encodeSample('wx_rain', nowUs, nowUs, 'nominal', null), /null/],
    ['attributes.wx', '{"name":"dome_a"}', /begin with wx_/],
    ['attributes.wx.a', '{"name":"wx_a"}', /not that of a component/],
    ['portal.time', '{', /JSON/],
  ])('on %s that is %s is refused', (subject, text, reason) => {
    expect(() => readMessage(subject, bytes(text), nowUs)).toThrow(reason);
    expect(() => readMessage(subject, bytes(text), nowUs)).toThrow(MalformedMessageError);
  });

  test('that is no UTF-8 is refused', () => {
    const broken = Buffer.from([0x22, 0xff, 0x22]);
    expect(() => readMessage('portal.time', broken, nowUs)).toThrow('it is not UTF-8');
    expect(() => readMessage('sensor.archive.wx.rain', broken, nowUs)).toThrow('it is not UTF-8');
  });
});
