/** The first place from `from` on whose time is not before `timeUs`; the length when there is none. */
export function placeFrom(timesUs: Float64Array, timeUs: number, from: number): number {
  const { length } = timesUs;
  // Bins are mostly much shorter than blocks: some doublings, then halving, find their end sooner than halving the whole.
  let step = 1;
  let low = from;
  while (low + step < length && timesUs[low + step]! < timeUs) {
    low += step;
    step *= 2;
  }
  let high = Math.min(low + step, length);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesUs[middle]! < timeUs) low = middle + 1;
    else high = middle;
  }
  return low;
}
