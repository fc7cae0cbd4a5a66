import type { SQLOutputValue } from 'node:sqlite';
import type { StoredValue } from './stored-sample.ts';

/**
 * What the columns `value` (REAL) and `text` (TEXT) of a sample mean.
 *
 * SQLite has neither NaN (it stores NULL) nor booleans nor arrays, and would make numbers of strings that look like one: therefore
 * a column that says what it was. Infinities are REAL as they are.
 */
export const VALUE_KIND = {
  /** In `value`. */
  number: 0,
  /** `value` is NULL: aggregates of SQL leave it out. */
  nan: 1,
  /** No value (`null` on the wire). */
  none: 2,
  /** `value` is 0 or 1. */
  boolean: 3,
  /** In `text`. */
  string: 4,
  /** In `text`, as a JSON array; elements that are not finite are strings in it. */
  array: 5,
  /** In `text`, as a JSON string: one that UTF-8 cannot hold (a lone surrogate) or that C programs cut short (U+0000). */
  escaped: 6,
} as const;

/** Whether the column `value` says more than `kind`, where NaN can be kept. */
export function hasValue(kind: number): boolean {
  return kind === VALUE_KIND.number || kind === VALUE_KIND.nan || kind === VALUE_KIND.boolean;
}

/** Whether it is in the column `text`. */
export function hasText(kind: number): boolean {
  return kind === VALUE_KIND.string || kind === VALUE_KIND.array || kind === VALUE_KIND.escaped;
}

export function kindOf(value: StoredValue): number {
  switch (typeof value) {
    case 'number':
      return Number.isNaN(value) ? VALUE_KIND.nan : VALUE_KIND.number;
    case 'boolean':
      return VALUE_KIND.boolean;
    case 'string':
      return value.isWellFormed() && !value.includes('\0') ? VALUE_KIND.string : VALUE_KIND.escaped;
    default:
      return value === null ? VALUE_KIND.none : VALUE_KIND.array;
  }
}

/** Column `value`; NaN is bound as NULL. */
export function numberOf(value: StoredValue): number {
  return typeof value === 'number' || typeof value === 'boolean' ? Number(value) : NaN;
}

/** Column `text`; undefined: NULL. */
export function textOf(value: StoredValue): string | undefined {
  if (typeof value === 'string') return kindOf(value) === VALUE_KIND.string ? value : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return undefined;
  return JSON.stringify(value.map((element) => (Number.isFinite(element) ? element : String(element))));
}

/** The value of a row: the inverse of the three functions above. */
export function valueOf(kind: SQLOutputValue, value: SQLOutputValue, text: SQLOutputValue): StoredValue {
  switch (kind) {
    case VALUE_KIND.number:
      return value as number;
    case VALUE_KIND.nan:
      return NaN;
    case VALUE_KIND.none:
      return null;
    case VALUE_KIND.boolean:
      return value === 1;
    case VALUE_KIND.string:
      return text as string;
    case VALUE_KIND.array:
      // Number('NaN') and Number('-Infinity') are what they say.
      return (JSON.parse(text as string) as (number | string)[]).map(Number);
    case VALUE_KIND.escaped:
      return JSON.parse(text as string) as string;
    default:
      throw new Error(`value kind ${String(kind)} is not known`);
  }
}
