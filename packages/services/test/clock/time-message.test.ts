import { describe, expect, it } from 'vitest';
import { MEERKAT } from '../../src/clock/site.ts';
import { greenwichApparentSiderealHours, localSiderealHours } from '../../src/clock/sidereal-time.ts';
import { timeMessage } from '../../src/clock/time-message.ts';

const unix = (iso: string) => Date.parse(iso) / 1000;
const hours = (h: number, m: number, s: number) => h + m / 60 + s / 3600;
/** A tenth of a second of time, in hours. */
const TENTH_OF_A_SECOND = 0.1 / 3600;

function expectHours(actual: number, published: number): void {
  expect(Math.abs(actual - published), `${actual} h against ${published} h`).toBeLessThan(TENTH_OF_A_SECOND);
}

describe('Greenwich apparent sidereal time', () => {
  it('is 13h 10m 46.1351s at 1987-04-10 00:00 UT (Meeus, Astronomical Algorithms, 2nd ed., example 12.a)', () => {
    expectHours(greenwichApparentSiderealHours(unix('1987-04-10T00:00:00Z')), hours(13, 10, 46.1351));
  });

  it('is mean sidereal time 8h 34m 57.0896s and -0.2317s of nutation at 1987-04-10 19:21 UT (Meeus, example 12.b)', () => {
    // The mean time is printed in example 12.b; the equation of the equinoxes is that of example 12.a of the same day.
    const published = hours(8, 34, 57.0896) - 0.2317 / 3600;
    expectHours(greenwichApparentSiderealHours(unix('1987-04-10T19:21:00Z')), published);
  });

  it('is 1.754166136510680589 rad at JD 2453736.5 (IAU SOFA, test of iauGst06a)', () => {
    const published = (1.75416613651068 * 12) / Math.PI;
    expectHours(greenwichApparentSiderealHours(unix('2006-01-01T00:00:00Z')), published);
  });

  it('is the mean time 18.697374558 h and the equation of the equinoxes at J2000.0', () => {
    // GMST: US Naval Observatory, "Computing Greenwich Apparent Sidereal Time". The equation of the equinoxes by the
    // same page: dpsi cos(eps), with the two largest terms of nutation in longitude, hours.
    const node = (125.04 * Math.PI) / 180;
    const sunLongitude = (280.47 * Math.PI) / 180;
    const equation = (-0.000319 * Math.sin(node) - 0.000024 * Math.sin(2 * sunLongitude)) * Math.cos(0.40909);
    expectHours(greenwichApparentSiderealHours(unix('2000-01-01T12:00:00Z')), 18.697374558 + equation);
  });
});

describe('local sidereal time', () => {
  it('is ahead of Greenwich to the east, by an hour for 15 degrees', () => {
    expect(localSiderealHours(3, 15)).toBeCloseTo(4, 12);
    expect(localSiderealHours(3, -15)).toBeCloseTo(2, 12);
  });

  it('stays within 0 to below 24 hours', () => {
    expect(localSiderealHours(23.5, 15)).toBeCloseTo(0.5, 12);
    expect(localSiderealHours(0.5, -15)).toBeCloseTo(23.5, 12);
    expect(localSiderealHours(12, 180)).toBe(0);
  });
});

describe('the time message', () => {
  it('has the Julian dates of well-known epochs', () => {
    // J2000.0 is JD 2451545.0 (IAU 1994); MJD 0 is 1858-11-17 00:00; the Unix epoch is JD 2440587.5; Meeus, example 7.a, Sputnik.
    const jd = (iso: string) => timeMessage(unix(iso), MEERKAT, 0).jd;
    expect(jd('2000-01-01T12:00:00Z')).toBe(2_451_545);
    expect(jd('1970-01-01T00:00:00Z')).toBe(2_440_587.5);
    expect(jd('1957-10-04T19:26:24Z')).toBeCloseTo(2_436_116.31, 8);
    expect(timeMessage(unix('1858-11-17T00:00:00Z'), MEERKAT, 0).mjd).toBe(0);
    expect(timeMessage(unix('2000-01-01T12:00:00Z'), MEERKAT, 0).mjd).toBe(51_544.5);
  });

  it('says time and UTC of one moment, and the site', () => {
    const message = timeMessage(1_795_305_601.25, MEERKAT, -0.1);
    expect(message).toMatchObject({
      time: 1_795_305_601.25,
      utc: '2026-11-22T00:00:01.250Z',
      dut1Seconds: -0.1,
      site: { name: 'MeerKAT', longitude: 21.443889 },
    });
    expect((message.lst - message.gast + 24) % 24).toBeCloseTo(MEERKAT.longitude / 15, 9);
  });

  it('moves sidereal time by UT1 - UTC', () => {
    const at = (dut1Seconds: number) => timeMessage(1_795_305_601, MEERKAT, dut1Seconds).gast * 3600;
    expect(at(0.5) - at(0)).toBeCloseTo(0.5 * 1.00273791, 4);
  });
});
