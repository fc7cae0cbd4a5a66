/**
 * Times on the wire are Unix seconds, UTC, as JSON numbers. A double of seconds resolves about a quarter of a microsecond in this
 * century, so inside the programs a time is an integer count of microseconds and the float is made at the edge.
 */

/** Microseconds since 1970, UTC, rounded to the nearest: the inverse of {@link toSeconds} for every whole microsecond until 2255. */
export function toMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6);
}

/** Unix seconds, UTC, of an integer count of microseconds. */
export function toSeconds(microseconds: number): number {
  return microseconds / 1e6;
}

/** ISO 8601, UTC, to the microsecond: `2026-11-22T05:00:00.123456Z`; a time that no calendar has stays a number. @param seconds Unix seconds */
export function isoText(seconds: number): string {
  const us = toMicroseconds(seconds);
  const wholeSeconds = Math.floor(us / 1e6);
  const date = new Date(wholeSeconds * 1000);
  if (Number.isNaN(date.getTime())) return String(seconds);
  return `${date.toISOString().slice(0, -5)}.${String(us - wholeSeconds * 1e6).padStart(6, '0')}Z`;
}

let clockOffsetUs = 0;

/**
 * The wall clock in integer microseconds since 1970, UTC.
 *
 * `Date.now()` follows the system's clock but counts milliseconds; `performance.now()` counts finer but never learns of a
 * correction. So the finer one fills in below the millisecond, and is moved whenever it leaves that millisecond.
 */
export function wallClockUs(): number {
  const millisecondUs = Date.now() * 1000;
  const elapsedUs = Math.floor(performance.now() * 1000);
  const estimateUs = elapsedUs + clockOffsetUs;
  const clampedUs = Math.min(Math.max(estimateUs, millisecondUs), millisecondUs + 999);
  clockOffsetUs = clampedUs - elapsedUs;
  return clampedUs;
}

export class MalformedTimeError extends Error {
  readonly code = 'MALFORMED_TIME';
  readonly text: string;

  constructor(text: string) {
    super(
      `"${text}" is no time: write Unix seconds (1795305601.5), ISO 8601 (2026-11-22T05:00:00Z), now, ` +
        `or a span before now (-90s, -15m, -1h, -7d)`,
    );
    this.text = text;
    this.name = 'MalformedTimeError';
  }
}

const SECONDS_IN = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const SPAN = /^-(\d+(?:\.\d+)?)([smhd])$/;
const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const ISO_8601 = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;

/**
 * A time as people type it at the CLI and in HTTP queries.
 *
 * An ISO 8601 text without an offset is UTC: an observatory's times are never local.
 * @returns Unix seconds
 * @throws {MalformedTimeError}
 */
export function parseTime(text: string, nowSeconds: number): number {
  const trimmed = text.trim();
  if (trimmed === 'now') return nowSeconds;
  const span = SPAN.exec(trimmed);
  if (span !== null) return nowSeconds - Number(span[1]) * SECONDS_IN[span[2] as keyof typeof SECONDS_IN];
  if (NUMBER.test(trimmed)) return Number(trimmed);
  if (ISO_8601.test(trimmed)) {
    const hasOffset = /(?:Z|[+-]\d{2}:?\d{2})$/.test(trimmed) && trimmed.length > 10;
    const milliseconds = Date.parse(hasOffset || trimmed.length === 10 ? trimmed : `${trimmed}Z`);
    if (Number.isFinite(milliseconds)) return milliseconds / 1000;
  }
  throw new MalformedTimeError(text);
}
