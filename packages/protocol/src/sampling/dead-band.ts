import { decodeFloat, type SampleValue } from '../value.ts';

/**
 * How far a value must move from the last one sent to count as changed.
 *
 * - `null`: every update counts, changed or not (the behaviour of Joubert & Slabber, 2017).
 * - `0`: any change counts.
 * - a number: a change of more than this, in the sensor's units.
 * - `{ relative }`: a change of more than this share of the last value's magnitude (0.01 is one per cent).
 */
export type DeadBand = null | number | { readonly relative: number };

/** Whether two values are the same: NaN equals NaN, arrays are compared element by element. */
export function sameValue(a: SampleValue, b: SampleValue): boolean {
  return !movedBeyond(0, a, b);
}

/** Whether an update counts as changed. Arrays: any element. A value that is no number has changed when it differs. */
export function hasChanged(deadBand: DeadBand, last: SampleValue, next: SampleValue): boolean {
  return deadBand === null || movedBeyond(deadBand, last, next);
}

/** {@link hasChanged} for two finite numbers: the usual case, and the hot path of every component. */
export function numberHasChanged(deadBand: DeadBand, last: number, next: number): boolean {
  return deadBand === null || numberMovedBeyond(deadBand, last, next);
}

function movedBeyond(
  deadBand: number | { readonly relative: number },
  last: SampleValue,
  next: SampleValue,
): boolean {
  if (Object.is(last, next)) return false;
  if (typeof last === 'number' && typeof next === 'number') return numberMovedBeyond(deadBand, last, next);
  if (Array.isArray(last) && Array.isArray(next)) {
    if (last.length !== next.length) return true;
    return last.some((element: number | string, place) =>
      movedBeyond(deadBand, element, next[place] as number | string),
    );
  }
  const lastNumber = decodeFloat(last);
  const nextNumber = decodeFloat(next);
  // Non-finite floats travel as strings: a step from 3 to "NaN" is a change, whatever the dead band.
  return lastNumber === undefined || nextNumber === undefined || !Object.is(lastNumber, nextNumber);
}

function numberMovedBeyond(
  deadBand: number | { readonly relative: number },
  last: number,
  next: number,
): boolean {
  const band = typeof deadBand === 'number' ? deadBand : deadBand.relative * Math.abs(last);
  return Math.abs(next - last) > band;
}
