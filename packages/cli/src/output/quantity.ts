import type { Attributes, SampleValue } from '@katbus/protocol';
import { numberText, printable, utcText, valueText } from './value-text.ts';

/** A value and its units as a person reads them. */
export interface Quantity {
  readonly value: string;
  readonly units: string;
}

const BYTE_UNITS = new Set(['B', 'B/s']);
const PREFIXES = [
  { factor: 1e12, symbol: 'T' },
  { factor: 1e9, symbol: 'G' },
  { factor: 1e6, symbol: 'M' },
  { factor: 1e3, symbol: 'k' },
] as const;
/** Below it the plain number is as short. */
const LEAST_WITH_PREFIX = 10_000;
const DIGITS_WITH_PREFIX = 4;

/**
 * Bytes with the prefixes of the SI (`84.01 GB`), timestamps as UTC, everything else as it is.
 * @param attributes undefined when they are not known
 */
export function quantity(value: SampleValue, attributes: Attributes | undefined): Quantity {
  const units = printable(attributes?.units ?? '');
  if (typeof value !== 'number') return { value: valueText(value), units };
  if (attributes?.type === 'timestamp') return { value: utcText(value), units: 'UTC' };
  if (BYTE_UNITS.has(units) && Math.abs(value) >= LEAST_WITH_PREFIX) {
    const prefix = PREFIXES.find(({ factor }) => Math.abs(value) >= factor);
    if (prefix !== undefined) {
      return { value: (value / prefix.factor).toPrecision(DIGITS_WITH_PREFIX), units: prefix.symbol + units };
    }
  }
  return { value: numberText(value), units };
}

/** Value and units in one text. */
export function quantityText(value: SampleValue, attributes: Attributes | undefined): string {
  const parts = quantity(value, attributes);
  return `${parts.value} ${parts.units}`.trimEnd();
}
