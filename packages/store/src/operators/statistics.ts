import { CompensatedSum } from '../bins/compensated-sum.ts';

/**
 * What the numbers of a bin come to. They are one at least, none is NaN, infinities may be among them.
 *
 * Where the appliance leaves it to Apache Commons Math what is computed (`SummaryStatistics`, `DescriptiveStatistics`), the definition is
 * that library's; it is computed in two passes, which loses less than one.
 */
export type Statistic = (values: Float64Array) => number;

export const mean: Statistic = (values) => {
  const sum = new CompensatedSum();
  for (const value of values) sum.add(value);
  const quotient = sum.value / values.length;
  // A sum beyond the range of doubles, or its rounding, must not put the mean outside of what there was.
  return Number.isNaN(quotient) ? quotient : Math.min(Math.max(quotient, min(values)), max(values));
};

export const min: Statistic = (values) => values.reduce((least, value) => Math.min(least, value));

export const max: Statistic = (values) => values.reduce((most, value) => Math.max(most, value));

export const count: Statistic = (values) => values.length;

/** The middle one in order of size, or the mean of the two in the middle. */
export const median: Statistic = (values) => {
  const ordered = values.toSorted();
  const middle = (ordered.length - 1) / 2;
  const [low, high] = [ordered[Math.floor(middle)]!, ordered[Math.ceil(middle)]!];
  return low === high ? low : low / 2 + high / 2;
};

/** Of a sample: the squares' sum over n - 1. Of a single value it is 0. */
export const variance: Statistic = (values) =>
  values.length === 1 ? 0 : squares(values) / (values.length - 1);

/** Of a population: the squares' sum over n. */
export const popvariance: Statistic = (values) => (values.length === 1 ? 0 : squares(values) / values.length);

/** The root of {@link variance}. */
export const std: Statistic = (values) => Math.sqrt(variance(values));

/** {@link std} over {@link mean}. */
export const jitter: Statistic = (values) => std(values) / mean(values);

/** The root of the mean of the squares. */
export const rms: Statistic = (values) => Math.sqrt(mean(values.map((value) => value * value)));

/** Below this variance all values count as one. */
const NO_VARIANCE = 1e-19;

/** Of a sample, corrected for its size: 0 for a normal distribution. NaN of fewer than 4 values, 0 of equal ones. */
export const kurtosis: Statistic = (values) => {
  const n = values.length;
  if (n < 4) return NaN;
  if (variance(values) < NO_VARIANCE) return 0;
  const sum = (n * (n + 1) * standardised(values, 4)) / ((n - 1) * (n - 2) * (n - 3));
  return sum - (3 * (n - 1) ** 2) / ((n - 2) * (n - 3));
};

/** Of a sample, corrected for its size. NaN of fewer than 3 values, 0 of equal ones. */
export const skewness: Statistic = (values) => {
  const n = values.length;
  if (n < 3) return NaN;
  if (variance(values) < NO_VARIANCE) return 0;
  return (n * standardised(values, 3)) / ((n - 1) * (n - 2));
};

/**
 * On the straight line between the two samples around a time; the first value when they do not lie around it.
 * @param times of the values, in order
 */
export function linear(values: Float64Array, times: Float64Array, time: number): number {
  const after = times.findIndex((candidate) => candidate >= time);
  if (after === -1 || (after === 0 && times[0] !== time)) return values[0]!;
  if (times[after] === time) return values[after]!;
  const part = (time - times[after - 1]!) / (times[after]! - times[after - 1]!);
  return values[after - 1]! * (1 - part) + values[after]! * part;
}

/** The sum of the squared distances from the mean. */
function squares(values: Float64Array): number {
  const middle = mean(values);
  const sum = new CompensatedSum();
  for (const value of values) sum.add((value - middle) ** 2);
  return sum.value;
}

/** The sum of a power of the distances from the mean, in standard deviations. */
function standardised(values: Float64Array, power: number): number {
  const middle = mean(values);
  const deviation = std(values);
  const sum = new CompensatedSum();
  for (const value of values) sum.add(((value - middle) / deviation) ** power);
  return sum.value;
}
