import { statusRank, STATUSES, type Status } from '@katbus/protocol';
import type { StoredSample, StoredValue } from '../../src/backend/stored-sample.ts';
import type { OperatorSpec } from '../../src/operators/operator-spec.ts';

/** Every operator by its definition, over all samples at once: what the real ones are compared with. */

interface Bin {
  readonly middleUs: number;
  readonly startUs: number;
  readonly samples: readonly StoredSample[];
}

interface Question {
  readonly all: readonly StoredSample[];
  readonly spec: OperatorSpec;
  readonly startUs: number;
  readonly endUs: number;
}

function binsOf({ all, startUs, endUs }: Question, widthUs: number): Bin[] {
  const bins: Bin[] = [];
  const first = Math.floor(startUs / widthUs);
  for (let bin = first; bin * widthUs < endUs; bin++) {
    const inBin = ({ timeUs }: StoredSample) =>
      Math.floor(timeUs / widthUs) === bin && timeUs >= startUs && timeUs < endUs;
    bins.push({
      middleUs: Math.floor(bin * widthUs + widthUs / 2),
      startUs: bin * widthUs,
      samples: all.filter(inBin),
    });
  }
  return bins;
}

const numbersOf = (samples: readonly StoredSample[]) =>
  samples
    .map(({ value }) => value)
    .filter((value): value is number => typeof value === 'number' && !Number.isNaN(value));

const worst = (samples: readonly StoredSample[]): Status =>
  STATUSES[Math.max(0, ...samples.map(({ status }) => statusRank(status)))]!;

const add = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
const average = (numbers: readonly number[]) => add(numbers) / numbers.length;
const sampleVariance = (numbers: readonly number[]) =>
  numbers.length === 1 ? 0 : add(numbers.map((x) => (x - average(numbers)) ** 2)) / (numbers.length - 1);
const deviation = (numbers: readonly number[]) => Math.sqrt(sampleVariance(numbers));
const moment = (numbers: readonly number[], power: number) =>
  add(numbers.map((x) => ((x - average(numbers)) / deviation(numbers)) ** power));
const isFlat = (numbers: readonly number[]) => sampleVariance(numbers) < 1e-19;
const five = (x: readonly number[]) => [average(x), deviation(x), Math.min(...x), Math.max(...x), x.length];

type Values = (numbers: number[], bin: Bin) => StoredValue;

const STATISTICS: Readonly<Record<string, Values>> = {
  mean: average,
  min: (x) => Math.min(...x),
  max: (x) => Math.max(...x),
  count: (x) => x.length,
  median: (x) => {
    const ordered = x.toSorted((a, b) => a - b);
    const half = ordered.length / 2;
    return Number.isInteger(half) ? (ordered[half - 1]! + ordered[half]!) / 2 : ordered[Math.floor(half)]!;
  },
  std: deviation,
  jitter: (x) => deviation(x) / average(x),
  variance: sampleVariance,
  popvariance: (x) => (x.length === 1 ? 0 : average(x.map((y) => (y - average(x)) ** 2))),
  kurtosis: (x) => {
    const n = x.length;
    if (n < 4) return NaN;
    if (isFlat(x)) return 0;
    return (
      (n * (n + 1) * moment(x, 4)) / ((n - 1) * (n - 2) * (n - 3)) - (3 * (n - 1) ** 2) / ((n - 2) * (n - 3))
    );
  },
  skewness: (x) => {
    const n = x.length;
    if (n < 3) return NaN;
    return isFlat(x) ? 0 : (n / ((n - 1) * (n - 2))) * moment(x, 3);
  },
  rms: (x) => Math.sqrt(average(x.map((y) => y * y))),
  errorbar: (x) => [average(x), deviation(x)],
  linear: (_, { samples, middleUs }) => {
    const points = samples.filter((sample) => numbersOf([sample]).length > 0);
    const exact = points.find(({ timeUs }) => timeUs === middleUs);
    if (exact !== undefined) return exact.value;
    const before = points.findLast(({ timeUs }) => timeUs < middleUs);
    const after = points.find(({ timeUs }) => timeUs > middleUs);
    if (before === undefined || after === undefined) return points[0]!.value;
    const slope = ((after.value as number) - (before.value as number)) / (after.timeUs - before.timeUs);
    return (before.value as number) + slope * (middleUs - before.timeUs);
  },
};

function filled(
  question: Question,
  widthUs: number,
  valueOf: (bin: Bin) => StoredValue | StoredSample | undefined,
  fill: (value: StoredValue) => { value: StoredValue; status?: Status },
): StoredSample[] {
  const { all, spec, startUs } = question;
  const bins = binsOf(question, widthUs);
  const entering = all.findLast(({ timeUs }) => timeUs < startUs);
  const given: StoredSample[] = [];
  let before: { value: StoredValue; status: Status; valueTimeUs?: number } | undefined;
  const take = (bin: Bin) => {
    const found = valueOf(bin);
    if (found === undefined) return false;
    const isSample = typeof found === 'object' && found !== null && 'timeUs' in found;
    before = isSample
      ? { value: found.value, status: found.status, valueTimeUs: found.valueTimeUs }
      : { value: found, status: worst(bin.samples) };
    return true;
  };
  if (spec.fills && entering !== undefined) {
    const middleUs = (bins[0]?.middleUs ?? 0) - widthUs;
    take({ samples: [entering], startUs: 0, middleUs });
  }
  for (const bin of bins) {
    const isFound = take(bin);
    if (!isFound && (!spec.fills || before === undefined)) continue;
    if (!isFound && before !== undefined) before = { ...before, ...fill(before.value) };
    const { middleUs } = bin;
    given.push({
      timeUs: middleUs,
      valueTimeUs: before!.valueTimeUs ?? middleUs,
      status: before!.status,
      value: before!.value,
    });
  }
  return given;
}

const again = (value: StoredValue) => ({ value });

export function naiveOperator(question: Question): StoredSample[] {
  const { all, spec, startUs, endUs } = question;
  const inRange = all.filter(({ timeUs }) => timeUs >= startUs && timeUs < endUs);
  const bins = () => binsOf(question, spec.widthUs);
  const { name, parameter, widthUs } = spec;
  const statistic = STATISTICS[name];
  if (statistic !== undefined) {
    const fill = name === 'count' ? () => ({ value: 0, status: 'nominal' as const }) : again;
    const valueOf = (bin: Bin) => {
      const numbers = numbersOf(bin.samples);
      return numbers.length === 0 ? undefined : statistic(numbers, bin);
    };
    return filled(question, widthUs, valueOf, fill);
  }
  switch (name) {
    case 'firstFill':
      return filled(question, widthUs, ({ samples }) => samples[0], again);
    case 'lastFill':
      return filled(question, widthUs, ({ samples }) => samples.at(-1), again);
    case 'firstSample':
      return bins().flatMap(({ samples }) => samples.slice(0, 1));
    case 'lastSample':
      return bins().flatMap(({ samples }) => samples.slice(-1));
    case 'ignoreflyers':
    case 'flyers':
      return bins().flatMap(({ samples }) => {
        const numbers = numbersOf(samples);
        return samples.filter((sample) => {
          if (numbersOf([sample]).length === 0) return false;
          const isFar =
            Math.abs((sample.value as number) - average(numbers)) > parameter * deviation(numbers);
          return isFar === (name === 'flyers');
        });
      });
    case 'caplotbinning':
      return bins().flatMap(({ samples, startUs: binUs }) => {
        const status = worst(samples);
        if (samples.length < 3) return samples.map((sample) => ({ ...sample, status }));
        const x = numbersOf(samples);
        if (x.length === 0) return [];
        return [x[0]!, Math.min(...x), Math.max(...x), x.at(-1)!].map((value, quarter) => {
          const timeUs = Math.floor(binUs + (quarter * widthUs) / 4);
          return { timeUs, valueTimeUs: timeUs, status, value };
        });
      });
    case 'nth':
      return inRange.filter((_, place) => place % parameter === 0);
    case 'ncount':
      return [{ timeUs: startUs, valueTimeUs: startUs, status: 'nominal', value: inRange.length }];
    case 'deadBand': {
      const given: StoredSample[] = [];
      for (const sample of inRange) {
        const last = given.at(-1);
        const [a, b] = [last?.value, sample.value].map((value) =>
          typeof value === 'number' || typeof value === 'boolean' ? Number(value) : NaN,
        ) as [number, number];
        const isWithin = Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= parameter;
        if (last?.status !== sample.status || !isWithin) given.push(sample);
      }
      return given;
    }
    case 'optimized':
    case 'optimLastSample': {
      if (inRange.length <= parameter) return inRange;
      const width = Math.max(1, Math.floor((endUs - startUs) / 1e6 / parameter)) * 1e6;
      const isLast = name === 'optimLastSample';
      const valueOf = ({ samples }: Bin) => {
        const x = numbersOf(samples);
        return x.length === 0 ? undefined : isLast ? [...five(x), x.at(-1)!] : five(x);
      };
      const fill = (value: StoredValue) => {
        const last = (value as number[]).at(-1)!;
        return { value: isLast ? [last, 0, last, last, 0, last] : value };
      };
      return filled(question, width, valueOf, fill);
    }
    default:
      throw new Error(`${name} has no reference`);
  }
}
