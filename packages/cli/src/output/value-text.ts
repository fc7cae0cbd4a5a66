import type { SampleValue } from '@katbus/protocol';

/** Arrays may have ten thousand elements; a line has room for a few. */
const MOST_ELEMENTS = 6;
const SIGNIFICANT_DIGITS = 7;
/** A text may have a megabyte; CSV and JSON have it whole. */
const MOST_CHARACTERS = 200;

/**
 * A value for a person: numbers with at most seven digits, long arrays and texts cut, control characters made visible, so that a
 * sensor's text cannot play with the terminal.
 */
export function valueText(value: SampleValue): string {
  if (value === null) return '-';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return stringText(value);
  const shown = value.slice(0, MOST_ELEMENTS).map((element) => valueText(element));
  const rest = value.length > MOST_ELEMENTS ? `, … ${value.length} in all` : '';
  return `[${shown.join(', ')}${rest}]`;
}

function stringText(value: string): string {
  if (value.length <= MOST_CHARACTERS) return printable(value);
  // Cut before it is spread into characters: most of it is not shown.
  const shown = [...value.slice(0, 2 * MOST_CHARACTERS)].slice(0, MOST_CHARACTERS).join('');
  return shown === value ? printable(value) : `${printable(shown)}… ${value.length} in all`;
}

export function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

/** `2026-11-22 05:00:00.123`, UTC, to the millisecond; a time that no calendar has stays a number. */
export function utcText(seconds: number): string {
  const date = new Date(Math.round(seconds * 1000));
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString().replace('T', ' ').slice(0, -1);
}

/** How long ago, in the largest unit that says it in two or three digits. */
export function ageText(seconds: number): string {
  if (seconds < 0.05) return seconds > -1 ? 'now' : `in ${ageText(-seconds)}`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** Text from outside without what a terminal would obey. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}
