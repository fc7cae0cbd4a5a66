import { MEERKAT } from '@katbus/protocol';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/telescope/random.ts';
import { Schedule } from '../../src/telescope/schedule.ts';
import { greenwichSiderealDegrees, horizontal, solarHours, sunPosition } from '../../src/telescope/sky.ts';

const unix = (iso: string) => Date.parse(iso) / 1000;

describe('the sky', () => {
  it('turns by sidereal time (Meeus, example 12.b: 8h 34m 57.0896s)', () => {
    expect(greenwichSiderealDegrees(unix('1987-04-10T19:21:00Z'))).toBeCloseTo(128.7378734, 4);
  });

  it('has a source over the observer when its declination is the latitude and its hour angle zero', () => {
    const now = unix('2026-11-22T08:00:00Z');
    const overhead = {
      rightAscension: greenwichSiderealDegrees(now) + MEERKAT.longitude,
      declination: MEERKAT.latitude,
    };
    expect(horizontal(overhead, MEERKAT, now).elevation).toBeCloseTo(90, 4);
    const east = horizontal({ ...overhead, rightAscension: overhead.rightAscension + 30 }, MEERKAT, now);
    expect(east.azimuth).toBeGreaterThan(45);
    expect(east.azimuth).toBeLessThan(135);
  });

  it('has its pole as high as the latitude, in the south or the north', () => {
    const pole = (declination: number, latitude: number) =>
      horizontal({ rightAscension: 0, declination }, { latitude, longitude: 5 }, 1_795_000_000);
    expect(pole(-90, -30)).toMatchObject({
      azimuth: expect.closeTo(180, 4) as number,
      elevation: expect.closeTo(30, 4) as number,
    });
    expect(pole(90, 52).elevation).toBeCloseTo(52, 4);
  });

  it('has the Sun where the seasons put it', () => {
    expect(sunPosition(unix('2026-06-21T08:25:00Z')).declination).toBeCloseTo(23.44, 1);
    expect(Math.abs(sunPosition(unix('2026-03-20T14:46:00Z')).declination)).toBeLessThan(0.05);
    expect(solarHours(unix('2026-03-20T12:00:00Z'), 15)).toBeCloseTo(13, 6);
    expect(solarHours(unix('2026-03-20T00:30:00Z'), -15)).toBeCloseTo(23.5, 6);
  });
});

describe('the schedule', () => {
  it.each([
    ['MeerKAT', MEERKAT],
    ['the arctic', { name: 'arctic', latitude: 78, longitude: 15, elevation: 0 }],
    ['the equator', { name: 'equator', latitude: 0, longitude: -60, elevation: 0 }],
  ])('has a source that stays up for all of its scan, at any hour, at %s', (_, site) => {
    let now = unix('2026-11-22T00:00:00Z');
    const end = now + 86_400;
    const schedule = new Schedule(new Random('schedule'), site, now);
    const kinds = new Set<string>();
    const blocks = new Set<string>();
    for (; now < end; now += 30) {
      schedule.advance(now);
      const { source, block } = schedule.scan;
      if (source === undefined) throw new Error(`nothing is up at ${new Date(now * 1000).toISOString()}`);
      kinds.add(source.kind);
      blocks.add(block);
      const { elevation } = horizontal(source, site, now);
      expect(elevation).toBeGreaterThan(19.9);
      expect(elevation).toBeLessThan(85.5);
    }
    expect(kinds).toEqual(new Set(['calibrator', 'target']));
    expect(blocks.size).toBeGreaterThan(20);
  });
});
