/** What becomes of a time that is finer than a microsecond. */
export const FINER_TIMES = ['floor', 'refuse'] as const;
export type FinerTimes = (typeof FINER_TIMES)[number];

const ISO_8601 = /^(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:?\d{2})?$/;
const SECONDS = /^(-?\d+)(?:\.(\d+))?$/;

/**
 * A time of CTA's monitoring in microseconds since 1970: ISO 8601 (UTC where it has no offset), or Unix seconds, in digits. OPC UA counts 100 ns, so
 * there may be finer digits than ours.
 * @returns undefined when it is neither
 * @throws {RangeError} it is finer than a microsecond, and that is to be refused
 */
export function monTimeUs(text: string, finer: FinerTimes): number | undefined {
  const iso = ISO_8601.exec(text);
  if (iso !== null) {
    const milliseconds = Date.parse(`${iso[1]!.replace(' ', 'T')}${iso[3] ?? 'Z'}`);
    return Number.isNaN(milliseconds) ? undefined : milliseconds * 1_000 + fractionUs(iso[2], finer, text);
  }
  const seconds = SECONDS.exec(text);
  if (seconds === null) return undefined;
  const whole = Number(seconds[1]) * 1e6;
  const isNegative = text.startsWith('-');
  const us = fractionUs(seconds[2], finer, text);
  if (!isNegative) return whole + us;
  // Floored, as times after 1970 are: what was cut off makes it earlier.
  const isCut = /[1-9]/.test(seconds[2]?.slice(6) ?? '');
  return whole - us - (isCut ? 1 : 0);
}

function fractionUs(digits: string | undefined, finer: FinerTimes, text: string): number {
  if (digits === undefined) return 0;
  if (finer === 'refuse' && /[1-9]/.test(digits.slice(6)))
    throw new RangeError(`"${text}" is finer than a microsecond`);
  return Number(digits.slice(0, 6).padEnd(6, '0'));
}
