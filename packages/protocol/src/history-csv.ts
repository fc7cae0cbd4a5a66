import type { ArchivedSample } from './store/history.ts';
import { isoText } from './time.ts';
import type { SampleValue } from './value.ts';

/** The columns of a history as CSV (RFC 4180), from the portal and from the CLI alike; PROTOCOL.md, "HTTP". */
export const CSV_HEADER = 'time,iso,value_ts,status,value\r\n';

/** One sample as a line of CSV (RFC 4180). */
export function csvLine({ time, value_ts, status, value }: ArchivedSample): string {
  return `${time},${isoText(time)},${value_ts},${status},${csvField(value)}\r\n`;
}

/** A value as a field. Quoted when it holds a comma, a quote or a line break. No value is an empty field, the empty text a quoted one. */
export function csvField(value: SampleValue): string {
  if (value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
