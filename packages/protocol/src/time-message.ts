/** Asks the clock service for a {@link TimeMessage}; the request's payload is empty. */
export const CLOCK_NOW_SUBJECT = 'rpc.clock.now';

/** The message on `portal.time`, and the answer to {@link CLOCK_NOW_SUBJECT}. */
export interface TimeMessage {
  /** Unix seconds, UTC. */
  readonly time: number;
  /** The same, ISO 8601: `2026-11-22T05:00:00.000Z`. */
  readonly utc: string;
  /** Julian date of UTC, days. A double of it resolves 40 us. */
  readonly jd: number;
  /** Modified Julian date of UTC (jd - 2400000.5), days. */
  readonly mjd: number;
  /** Local apparent sidereal time at the site, hours, 0 to below 24. */
  readonly lst: number;
  /** Greenwich apparent sidereal time, hours, 0 to below 24. */
  readonly gast: number;
  /** UT1 - UTC that was used for sidereal time, seconds. */
  readonly dut1Seconds: number;
  readonly site: Site;
}

/** Where an observatory stands. */
export interface Site {
  readonly name: string;
  /** Degrees, north positive, WGS 84. */
  readonly latitude: number;
  /** Degrees, east positive, WGS 84. */
  readonly longitude: number;
  /** Metres above the ellipsoid. */
  readonly elevation: number;
}

/** The default site: MeerKAT's array reference position in the Karoo, South Africa (30:42:39.8 S, 21:26:38.0 E). */
export const MEERKAT: Site = {
  name: 'MeerKAT',
  latitude: -30.711056,
  longitude: 21.443889,
  elevation: 1086.6,
};
