import { describe, expect, it } from 'vitest';
import {
  addressOfAttributes,
  DEEPEST_ATTRIBUTES_LEVELS,
  LARGEST_ATTRIBUTES_BYTES,
  parseAttributes,
} from '@katbus/protocol';

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('attributes', () => {
  it('need a name only, and keep what they do not know', () => {
    expect(parseAttributes('{"name":"wx_wind","mass":12}')).toEqual([{ name: 'wx_wind', mass: 12 }]);
  });

  it('may come as an array', () => {
    expect(parseAttributes(Buffer.from('[{"name":"a_b"},{"name":"a_c"}]')).map(({ name }) => name)).toEqual([
      'a_b',
      'a_c',
    ]);
  });

  it.each([
    ['(payload)', 'x'],
    ['(payload)', '7'],
    ['name', '{}'],
    ['name', '{"name":1}'],
    ['units', '{"name":"a_b","units":1}'],
    ['params', '{"name":"a_b","params":1}'],
    ['1.name', '[{"name":"a_b"},{}]'],
    ['(payload)', `{"name":"a_b","x":"${'x'.repeat(LARGEST_ATTRIBUTES_BYTES)}"}`],
    ['(payload)', `{"name":"a_b","x":${nested(DEEPEST_ATTRIBUTES_LEVELS)}}`],
    ['1.(payload)', `[{"name":"a_b"},{"name":"a_c","x":${nested(100_000)}}]`],
  ])('are refused naming %s', (field, text) => {
    expect(() => parseAttributes(text)).toThrow(expect.objectContaining({ field }));
  });

  it('may be nested as deep as anybody means it', () => {
    const text = `{"name":"a_b","x":${nested(DEEPEST_ATTRIBUTES_LEVELS - 1)}}`;
    expect(JSON.stringify(parseAttributes(text)[0])).toBe(text);
  });

  it('belong to the component of their subject', () => {
    expect(addressOfAttributes({ name: 'wx_station_wind' }, 'wx')).toEqual({
      component: 'wx',
      sensor: 'station_wind',
    });
    // The joined name is ambiguous; the subject is not.
    expect(addressOfAttributes({ name: 'wx_station_wind' }, 'wx_station')).toEqual({
      component: 'wx_station',
      sensor: 'wind',
    });
    expect(() => addressOfAttributes({ name: 'wx_wind' }, 'ap')).toThrow(
      expect.objectContaining({ field: 'name' }),
    );
    expect(() => addressOfAttributes({ name: 'wx_wind', component: 'ap' }, 'wx')).toThrow(
      expect.objectContaining({ field: 'component' }),
    );
  });
});
