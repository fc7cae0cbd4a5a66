/** Where bins lie. All times are integer microseconds. */
export interface BinGrid {
  /** Where bin 0 begins: at `startUs`, or before it. */
  readonly originUs: number;
  readonly widthUs: number;
  /** The range: startUs <= time < endUs. */
  readonly startUs: number;
  readonly endUs: number;
}

/** So many bins of one width from the start on; fewer, where they would be shorter than a microsecond. */
export function gridOfCount(startUs: number, endUs: number, bins: number): BinGrid {
  return { originUs: startUs, widthUs: Math.ceil((endUs - startUs) / bins), startUs, endUs };
}

/** Bins that begin at whole multiples of the width since 1970, whatever the range. */
export function gridOfWidth(startUs: number, endUs: number, widthUs: number): BinGrid {
  return { originUs: Math.floor(startUs / widthUs) * widthUs, widthUs, startUs, endUs };
}

/** How many bins a range has, the parts at both ends counted. */
export function binsOf({ originUs, widthUs, endUs }: BinGrid): number {
  return Math.ceil((endUs - originUs) / widthUs);
}

export function binAt({ originUs, widthUs }: BinGrid, timeUs: number): number {
  return Math.floor((timeUs - originUs) / widthUs);
}

/** Where a bin begins, be it before the range's start. */
export function startOfBin({ originUs, widthUs }: BinGrid, bin: number): number {
  return originUs + bin * widthUs;
}

/** Where a bin ends, at the range's end at the latest. */
export function endOfBin(grid: BinGrid, bin: number): number {
  return Math.min(startOfBin(grid, bin + 1), grid.endUs);
}
