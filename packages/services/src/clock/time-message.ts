import type { Site, TimeMessage } from '@katbus/protocol';
import { julianDate, modifiedJulianDate } from './julian-date.ts';
import { greenwichApparentSiderealHours, localSiderealHours } from './sidereal-time.ts';

/**
 * The time at an observatory.
 * @param unixSeconds UTC
 * @param dut1Seconds UT1 - UTC, as IERS Bulletin A announces it; without it sidereal time is wrong by as much
 */
export function timeMessage(unixSeconds: number, site: Site, dut1Seconds: number): TimeMessage {
  const gast = greenwichApparentSiderealHours(unixSeconds + dut1Seconds);
  return {
    time: unixSeconds,
    utc: new Date(unixSeconds * 1000).toISOString(),
    jd: julianDate(unixSeconds),
    mjd: modifiedJulianDate(unixSeconds),
    lst: localSiderealHours(gast, site.longitude),
    gast,
    dut1Seconds,
    site,
  };
}
