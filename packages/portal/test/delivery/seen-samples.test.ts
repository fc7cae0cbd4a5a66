import { describe, expect, test } from 'vitest';
import { Publication } from '../../src/delivery/publication.ts';
import { SeenSamples } from '../../src/delivery/seen-samples.ts';

function sample(key: string, timeUs: number): Publication {
  return new Publication('sample', `sensor.archive.${key}`, key, '{}', timeUs);
}

describe('seen samples', () => {
  test('tell the copies that overlapping subscriptions bring', () => {
    const seen = new SeenSamples(10);
    expect(seen.take(sample('wx.a', 1), false)).toBe('first');
    expect(seen.take(sample('wx.a', 1), false)).toBe('copy');
    expect(seen.take(sample('wx.b', 1), false)).toBe('first');
    expect(seen.take(sample('wx.a', 2), false)).toBe('next');
    expect(seen.take(sample('wx.a', 2), false)).toBe('copy');
  });

  test('follow a clock that was set back', () => {
    const seen = new SeenSamples(10);
    seen.take(sample('wx.a', 5_000_000), false);
    expect(seen.take(sample('wx.a', 1_000_000), false)).toBe('next');
    expect(seen.take(sample('wx.a', 1_000_000), false)).toBe('copy');
  });

  test('drop what is published again only when it was seen before', () => {
    const seen = new SeenSamples(10);
    seen.take(sample('wx.a', 1), false);
    seen.take(sample('wx.a', 3), false);
    expect(seen.take(sample('wx.a', 1), true)).toBe('resent');
    expect(seen.take(sample('wx.a', 3), true)).toBe('resent');
    expect(seen.take(sample('wx.a', 4), true)).toBe('next');
    expect(seen.take(sample('wx.b', 4), true)).toBe('first');
  });

  test('take over what a snapshot has shown, but never go back to it', () => {
    const seen = new SeenSamples(10);
    seen.note('wx.a', 5);
    expect(seen.take(sample('wx.a', 5), true)).toBe('resent');
    expect(seen.take(sample('wx.a', 6), false)).toBe('next');
    seen.note('wx.a', 5);
    expect(seen.take(sample('wx.a', 6), false)).toBe('copy');
  });

  test('forget the times of a component whose clock was set back, and of no other, but not its sensors', () => {
    const seen = new SeenSamples(10);
    for (const key of ['wx.a', 'wx.b', 'wx2.a']) seen.take(sample(key, 5), false);
    seen.forgetTimes('wx');
    seen.forgetTimes('dome');
    expect(seen.take(sample('wx.a', 4), true)).toBe('next');
    expect(seen.take(sample('wx.a', 3), true)).toBe('resent');
    seen.note('wx.b', 2);
    expect(seen.take(sample('wx.b', 2), false)).toBe('copy');
    expect(seen.take(sample('wx2.a', 4), true)).toBe('resent');
    expect(seen.size).toBe(3);
  });

  test('forget no more than must be when sensors of many components come', () => {
    const seen = new SeenSamples(3);
    for (const key of ['wx.a', 'dome.a', 'wx.b', 'mast.a']) seen.take(sample(key, 1), false);
    expect(seen.size).toBe(3);
    expect(seen.take(sample('mast.a', 1), false)).toBe('copy');
    expect(seen.take(sample('wx.b', 1), false)).toBe('copy');
    expect(seen.take(sample('wx.a', 1), false)).toBe('first');
  });

  test('forget the sensor that is known for longest when there are too many', () => {
    const seen = new SeenSamples(2);
    for (const key of ['wx.a', 'wx.b', 'wx.c']) seen.take(sample(key, 1), false);
    expect(seen.size).toBe(2);
    expect(seen.take(sample('wx.a', 2), false)).toBe('first');
    expect(seen.take(sample('wx.c', 2), false)).toBe('next');
  });
});
