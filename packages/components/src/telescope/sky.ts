import type { Site } from '@katbus/protocol';

/** A direction on the sky, J2000, degrees. Precession since then, a third of a degree, is left out: nobody images with this array. */
export interface SkyPosition {
  readonly rightAscension: number;
  readonly declination: number;
}

/** A direction as an antenna sees it, degrees: azimuth from north through east, 0 to below 360. */
export interface Horizontal {
  readonly azimuth: number;
  readonly elevation: number;
}

const J2000_SECONDS = 946_728_000;
const SECONDS_A_DAY = 86_400;
const DEGREE = Math.PI / 180;
/** Of the ecliptic, degrees. */
const OBLIQUITY = 23.439;

/** Greenwich mean sidereal time (Meeus, Astronomical Algorithms, 12.4, without its smallest terms), degrees, 0 to below 360. */
export function greenwichSiderealDegrees(unixSeconds: number): number {
  return turned(280.46061837 + 360.98564736629 * daysSinceJ2000(unixSeconds));
}

/** Where a direction on the sky stands at a site. */
export function horizontal(
  { rightAscension, declination }: SkyPosition,
  { latitude, longitude }: Pick<Site, 'latitude' | 'longitude'>,
  unixSeconds: number,
): Horizontal {
  const hourAngle = (greenwichSiderealDegrees(unixSeconds) + longitude - rightAscension) * DEGREE;
  const [sinDec, cosDec] = [Math.sin(declination * DEGREE), Math.cos(declination * DEGREE)];
  const [sinLat, cosLat] = [Math.sin(latitude * DEGREE), Math.cos(latitude * DEGREE)];
  const sinElevation = sinLat * sinDec + cosLat * cosDec * Math.cos(hourAngle);
  const east = -cosDec * Math.sin(hourAngle);
  const north = cosLat * sinDec - sinLat * cosDec * Math.cos(hourAngle);
  return {
    azimuth: turned(Math.atan2(east, north) / DEGREE),
    elevation: Math.asin(Math.min(1, Math.max(-1, sinElevation))) / DEGREE,
  };
}

/** The Sun, to a hundredth of a degree (Astronomical Almanac, low-precision formulas). */
export function sunPosition(unixSeconds: number): SkyPosition {
  const days = daysSinceJ2000(unixSeconds);
  const anomaly = (357.528 + 0.9856003 * days) * DEGREE;
  const longitude =
    (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * DEGREE;
  const obliquity = OBLIQUITY * DEGREE;
  return {
    rightAscension: turned(
      Math.atan2(Math.cos(obliquity) * Math.sin(longitude), Math.cos(longitude)) / DEGREE,
    ),
    declination: Math.asin(Math.sin(obliquity) * Math.sin(longitude)) / DEGREE,
  };
}

/** Mean solar time at a longitude, hours, 0 to below 24. */
export function solarHours(unixSeconds: number, longitude: number): number {
  const hours = (unixSeconds / 3600 + longitude / 15) % 24;
  return hours < 0 ? hours + 24 : hours;
}

/** An angle brought to 0 to below 360 degrees. */
export function turned(degrees: number): number {
  const rest = degrees % 360;
  return rest < 0 ? rest + 360 : rest;
}

function daysSinceJ2000(unixSeconds: number): number {
  return (unixSeconds - J2000_SECONDS) / SECONDS_A_DAY;
}
