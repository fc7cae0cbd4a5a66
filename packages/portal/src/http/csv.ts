import { toMicroseconds, type ArchivedSample, type SampleValue } from '@katbus/protocol';

export const CSV_HEADER = 'time,iso,value_ts,status,value\r\n';

/** One sample as a line of CSV (RFC 4180). */
export function csvLine({ time, value_ts, status, value }: ArchivedSample): string {
  return `${time},${isoMicroseconds(time)},${value_ts},${status},${csvValue(value)}\r\n`;
}

/** No value is an empty field, the empty text a quoted one. */
function csvValue(value: SampleValue): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** ISO 8601, UTC, to the microsecond. @param time Unix seconds */
export function isoMicroseconds(time: number): string {
  const timeUs = toMicroseconds(time);
  const milliseconds = Math.floor(timeUs / 1_000);
  const rest = String(timeUs - milliseconds * 1_000).padStart(3, '0');
  return new Date(milliseconds).toISOString().replace('Z', `${rest}Z`);
}
