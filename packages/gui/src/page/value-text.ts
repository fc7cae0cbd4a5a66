import type { SampleValue } from '@katbus/protocol';
import { dateTimeText } from './time-text.ts';

/** Elements of an array that are spelt out. */
const MOST_ELEMENTS = 8;

const NARROW_SPACE = '\u202f';

/** A value as the list and the tables show it; numbers with at most six significant digits, whole ones in groups of three. */
export function valueText(value: SampleValue | undefined, type: string | undefined): string {
  if (value === undefined) return 'no sample';
  if (value === null) return 'no value';
  if (typeof value === 'number')
    return type === 'timestamp' ? dateTimeText(value).replace(/\.000$/, '') : numberText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'string') return value === '' ? '(empty)' : value;
  const shown = value.slice(0, MOST_ELEMENTS).map((element) => valueText(element, undefined));
  return `[${value.length}] ${shown.join(' ')}${value.length > MOST_ELEMENTS ? ' …' : ''}`;
}

export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number.isSafeInteger(value) ? value : Number(value.toPrecision(6));
  const text = String(rounded);
  return /^-?\d+$/.test(text) ? text.replaceAll(/\B(?=(\d{3})+$)/g, NARROW_SPACE) : text;
}

/** Units as they stand behind {@link valueText}; a timestamp is shown as a date, and then has none. */
export function unitsText(units: string | undefined, type: string | undefined): string {
  return type === 'timestamp' ? '' : (units ?? '');
}

const PREFIXES = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [1, ''],
  [1e-3, 'm'],
  [1e-6, 'µ'],
  [1e-9, 'n'],
] as const;

/** How many decimals a step needs to be written out; the subtraction that gave it may have left a rest of rounding. */
function decimals(step: number): number {
  const [, fraction = '', exponent = '0'] = /^\d(?:\.(\d*?))?0*e([+-]\d+)$/.exec(step.toExponential(3)) ?? [];
  return Math.min(12, Math.max(0, fraction.length - Number(exponent)));
}

/**
 * Labels of an axis: all with the SI prefix that fits the largest, so that they can be compared at a glance.
 * @param values as the axis places them, evenly
 */
export function axisTexts(values: readonly number[]): string[] {
  const largest = Math.max(...values.map(Math.abs));
  const step = values.length < 2 ? 0 : Math.abs(values[1]! - values[0]!);
  const isPlain = largest === 0 || (largest >= 1e-2 && largest < 1e4);
  const [scale, prefix] = isPlain
    ? [1, '']
    : (PREFIXES.find(([factor]) => largest >= factor) ?? PREFIXES[PREFIXES.length - 1]!);
  const digits = step === 0 ? 3 : decimals(step / scale);
  return values.map((value) => `${(value / scale).toFixed(digits)}${prefix === '' ? '' : ` ${prefix}`}`);
}
