import { STATUSES, type OperatorName, type Status } from '@katbus/protocol';
import { isCount, isFloat, isTimeWithin } from '../bins/position-check.ts';
import type { OperatorPosition } from './operator-query.ts';
import type { OperatorSpec } from './operator-spec.ts';

/** Whether a position, which has been with a client in between, is one that a page of the operator may have told. */
export function isOperatorPosition(
  position: unknown,
  { name, widthUs }: OperatorSpec,
  startUs: number,
  endUs: number,
): position is OperatorPosition {
  if (typeof position !== 'object' || position === null) return false;
  const { atUs, carried } = position as Record<string, unknown>;
  // A bin may end after the range; those of `optimized` are a second long at least.
  const mostUs = endUs + Math.max(widthUs, endUs - startUs, 1e6) + 1;
  return isTimeWithin(atUs, startUs, mostUs) && (carried === undefined || isCarried(name, carried, endUs));
}

function isCarried(name: OperatorName, carried: unknown, endUs: number): boolean {
  switch (name) {
    case 'nth':
    case 'ncount':
    case 'firstSample':
    case 'lastSample':
    case 'ignoreflyers':
    case 'flyers':
    case 'caplotbinning':
      return isCount(carried);
    case 'deadBand':
      return Array.isArray(carried) && carried.length === 2 && isFloat(carried[0]) && isStatus(carried[1]);
    case 'optimized':
    case 'optimLastSample': {
      if (typeof carried !== 'object' || carried === null) return false;
      const { raw, summed } = carried as Record<string, unknown>;
      if (raw !== undefined) return raw === true && summed === undefined;
      return summed === undefined || isBinValue(summed, name === 'optimized' ? 5 : 6);
    }
    case 'errorbar':
      return isBinValue(carried, 2);
    case 'firstFill':
    case 'lastFill': {
      const { sampleUs } = (carried ?? {}) as Record<string, unknown>;
      // It may lie before the range.
      return isTimeWithin(sampleUs, -Infinity, endUs);
    }
    default:
      return isBinValue(carried, undefined);
  }
}

/** @param elements of its array; undefined: it is a number */
function isBinValue(carried: unknown, elements: number | undefined): boolean {
  if (typeof carried !== 'object' || carried === null) return false;
  const { value, status, sampleUs } = carried as Record<string, unknown>;
  if (!isStatus(status) || sampleUs !== undefined) return false;
  if (elements === undefined) return isFloat(value);
  return Array.isArray(value) && value.length === elements && value.every(isFloat);
}

function isStatus(value: unknown): boolean {
  return STATUSES.includes(value as Status);
}
