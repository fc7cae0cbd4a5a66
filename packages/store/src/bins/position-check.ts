import { decodeFloat, STATUSES } from '@katbus/protocol';
import { binAt, binsOf, type BinGrid } from './bin-grid.ts';
import type { BinKind } from './series-bins.ts';
import { LONGEST_STATE } from './state-names.ts';
import { MOST_STATES } from './state-bins.ts';

/**
 * Whether a position, which has been with a client in between, is one that a page of these bins may have told: a time out of the range, or
 * a bin of another kind, could keep a reading busy for ever.
 */
export function isBinsPosition(position: unknown, grid: BinGrid, kinds: readonly BinKind[]): boolean {
  if (typeof position !== 'object' || position === null) return false;
  const { series, atUs, carried } = position as Record<string, unknown>;
  if (!isCount(series) || series >= kinds.length) return false;
  if (atUs === undefined) return carried === undefined;
  return (
    isTimeWithin(atUs, grid.startUs, grid.endUs) &&
    (carried === undefined || IS_CARRIED[kinds[series]!](carried, grid, atUs))
  );
}

/** Whether it is a whole number of microseconds within the two, both included. */
export function isTimeWithin(value: unknown, fromUs: number, toUs: number): value is number {
  return Number.isInteger(value) && (value as number) >= fromUs && (value as number) <= toUs;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

export function isFloat(value: unknown): boolean {
  return decodeFloat(value) !== undefined;
}

/** @param readToUs samples before this time are in what is carried */
type IsCarried = (carried: unknown, grid: BinGrid, readToUs: number) => boolean;

const IS_CARRIED: Readonly<Record<BinKind, IsCarried>> = {
  number: (carried, grid, readToUs) => {
    if (!Array.isArray(carried) || carried.length !== 13) return false;
    const [bin, count, nan, none, firstUs, lastUs, worst, ...floats] = carried as unknown[];
    const isTime = (time: unknown) => time === 'NaN' || isTimeWithin(time, grid.startUs, readToUs);
    return (
      isBin(bin, grid, readToUs) &&
      [count, nan, none].every(isCount) &&
      [firstUs, lastUs].every(isTime) &&
      isRank(worst) &&
      floats.every(isFloat)
    );
  },

  state: (carried, grid, readToUs) => {
    if (typeof carried !== 'object' || carried === null) return false;
    const { atUs, state, rank, open } = carried as Record<string, unknown>;
    if (!isTimeWithin(atUs, grid.startUs, readToUs) || !isRank(rank)) return false;
    if (state !== undefined && !isState(state)) return false;
    if (open === undefined) return true;
    if (!Array.isArray(open) || open.length !== 4 || state === undefined) return false;
    const [bin, count, worst, held] = open as unknown[];
    const isOpen = bin === binAt(grid, atUs) || bin === binAt(grid, atUs - 1);
    // One more: those that are too many to be told apart.
    const areFew = Array.isArray(held) && held.length <= MOST_STATES + 1;
    return (
      isOpen &&
      isBin(bin, grid, readToUs) &&
      isCount(count) &&
      isRank(worst) &&
      areFew &&
      held.every((pair) => isHeld(pair, grid))
    );
  },

  array: (carried, grid, readToUs) => {
    if (!Array.isArray(carried) || carried.length !== 4) return false;
    const [bin, count, worst, lastUs] = carried as unknown[];
    return (
      isBin(bin, grid, readToUs) &&
      isCount(count) &&
      isRank(worst) &&
      isTimeWithin(lastUs, grid.startUs, readToUs)
    );
  },
};

function isBin(value: unknown, grid: BinGrid, readToUs: number): boolean {
  return isCount(value) && value < binsOf(grid) && value <= binAt(grid, readToUs);
}

function isRank(value: unknown): boolean {
  return isCount(value) && value < STATUSES.length;
}

function isState(value: unknown): boolean {
  // A cut text has one character more.
  if (typeof value === 'string') return value.length <= LONGEST_STATE + 1;
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}

function isHeld(pair: unknown, { widthUs }: BinGrid): boolean {
  return Array.isArray(pair) && pair.length === 2 && isState(pair[0]) && isTimeWithin(pair[1], 0, widthUs);
}
