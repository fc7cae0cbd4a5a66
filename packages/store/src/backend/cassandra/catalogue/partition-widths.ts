import type { PartitionWidth, WidthSpan } from '../layout.ts';

const HOUR_US = 3_600e6;
const DAY_US = 24 * HOUR_US;
const SLOW_EDGE_US = 30 * DAY_US;

/** Two a second. */
export const FAST_SAMPLES_AN_HOUR = 7_200;
/** One in five minutes. */
const SLOW_SAMPLES_A_DAY = 288;
/** A sensor that was fast or slow stays so until it is clearly not, so that one at the border does not change every day. */
const CLEARLY = 2;

/** From when on a sensor's width may be another one: samples of times up to an hour ahead may be in their partitions already. */
const AHEAD_US = HOUR_US + 60e6;
const MOST_SPANS = 64;

/** A sensor has had {@link FAST_SAMPLES_AN_HOUR} within an hour. @returns undefined: what it has will do */
export function betterThisHour(present: PartitionWidth): PartitionWidth | undefined {
  return present === 'fast' ? undefined : 'fast';
}

/** A whole day of a sensor is over. @returns undefined: what it has will do */
export function betterOverADay(present: PartitionWidth, samples: number): PartitionWidth | undefined {
  const fastADay = (24 * FAST_SAMPLES_AN_HOUR) / (present === 'fast' ? CLEARLY : 1);
  const slowADay = SLOW_SAMPLES_A_DAY * (present === 'slow' ? CLEARLY : 1);
  const better = samples >= fastADay ? 'fast' : samples < slowADay ? 'slow' : 'normal';
  return better === present ? undefined : better;
}

/** The spans of a sensor that has another width from the next edge on that nothing has been written beyond. */
export function widthsWith(
  widths: readonly WidthSpan[],
  width: PartitionWidth,
  newestUs: number,
  nowUs: number,
): readonly WidthSpan[] {
  const untouchedUs = Math.max(newestUs, nowUs) + AHEAD_US;
  const settled = widths.filter(({ fromUs }) => fromUs <= untouchedUs);
  if (settled.at(-1)?.width === width) return settled;
  if (settled.length >= MOST_SPANS) return widths;
  return [...settled, { fromUs: nextEdge(untouchedUs, width), width }];
}

function nextEdge(timeUs: number, width: PartitionWidth): number {
  const edgeUs = { fast: HOUR_US, normal: DAY_US, slow: SLOW_EDGE_US }[width];
  return (Math.floor(timeUs / edgeUs) + 1) * edgeUs;
}

export function hourOf(timeUs: number): number {
  return Math.floor(timeUs / HOUR_US);
}

export function dayOfHour(hour: number): number {
  return Math.floor(hour / 24);
}
