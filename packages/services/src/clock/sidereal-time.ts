import { SiderealTime } from 'astronomy-engine';

/** J2000.0 as Unix seconds: 2000-01-01 12:00. */
const J2000_SECONDS = 946_728_000;
const SECONDS_A_DAY = 86_400;

/**
 * Greenwich apparent sidereal time.
 * @param ut1Seconds UT1, counted like Unix time
 * @returns hours, 0 to below 24; good to a hundredth of a second in this century
 */
export function greenwichApparentSiderealHours(ut1Seconds: number): number {
  return SiderealTime((ut1Seconds - J2000_SECONDS) / SECONDS_A_DAY);
}

/** @param longitude degrees, east positive @returns hours, 0 to below 24 */
export function localSiderealHours(greenwichHours: number, longitude: number): number {
  const hours = (greenwichHours + longitude / 15) % 24;
  return hours < 0 ? hours + 24 : hours;
}
