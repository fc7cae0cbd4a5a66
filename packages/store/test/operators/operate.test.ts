import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPERATORS, OPERATORS_WITHOUT, STATUSES } from '@katbus/protocol';
import type { StoredSample, StoredValue } from '../../src/backend/stored-sample.ts';
import { operate } from '../../src/operators/operate.ts';
import type { OperatorPosition, OperatorQuery } from '../../src/operators/operator-query.ts';
import { MalformedOperatorError, parseOperator } from '../../src/operators/operator-spec.ts';
import { isOperatorPosition } from '../../src/operators/position-check.ts';
import { ArraySource } from '../bins/array-source.ts';
import { naiveOperator } from './naive-operators.ts';

const START_US = 1_795_305_600_000_000;
const END_US = START_US + 100e6;
const ADDRESS = { component: 'wx', sensor: 'wind' };

function sample(
  seconds: number,
  value: StoredValue,
  status: StoredSample['status'] = 'nominal',
): StoredSample {
  const timeUs = START_US + Math.round(seconds * 1e6);
  return { timeUs, valueTimeUs: timeUs - 1_000, status, value };
}

/** All pages, each begun with nothing but what the one before has told, as it crosses a wire. */
async function operated(
  samples: readonly StoredSample[],
  operator: string,
  query: Partial<OperatorQuery> = {},
  pieceSamples = 4,
): Promise<StoredSample[]> {
  const source = new ArraySource(samples, pieceSamples);
  const given: StoredSample[] = [];
  let pages = 0;
  let from: OperatorPosition | undefined;
  do {
    const part = await operate(source, {
      address: ADDRESS,
      operator: parseOperator(operator),
      startUs: START_US,
      endUs: END_US,
      mostSamples: 1_000,
      mostBytes: 1e6,
      mostMs: 1e6,
      ...query,
      from,
    });
    given.push(...part.samples);
    // A page without progress would be asked for for ever.
    expect(++pages).toBeLessThan(2_000);
    from = part.next === undefined ? undefined : (JSON.parse(JSON.stringify(part.next)) as OperatorPosition);
    const { startUs = START_US, endUs = END_US } = query;
    if (from !== undefined) {
      const isPosition = isOperatorPosition(from, parseOperator(operator), startUs, endUs);
      expect(isPosition, JSON.stringify(from)).toBe(true);
    }
  } while (from !== undefined);
  return given;
}

/** Values that differ by no more than how they were rounded. */
function close(value: StoredValue): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? expect.closeTo(value, 6) : value;
  return Array.isArray(value) ? value.map(close) : value;
}

// Sixty-fourths: their sums are exact in any order, so that only what the operators do can differ.
const anyNumber = fc.integer({ min: -3_200, max: 3_200 }).map((number) => number / 64);
const anyValue = fc.oneof(
  { weight: 12, arbitrary: anyNumber },
  fc.constantFrom<StoredValue>(null, NaN, 'text', 'NaN', true, [1, NaN]),
);
const anySamples = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: -20_000, max: 110_000 }), { maxLength: 60 }),
    fc.infiniteStream(fc.tuple(anyValue, fc.constantFrom(...STATUSES))),
  )
  .map(([times, stream]) =>
    times
      .sort((a, b) => a - b)
      .map((milliseconds) => {
        const [value, status] = stream.next().value as [StoredValue, StoredSample['status']];
        return sample(milliseconds / 1_000, typeof value === 'number' ? value || 0 : value, status);
      }),
  );

const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  nth: ['nth_1', 'nth_7'],
  ncount: ['ncount'],
  optimized: ['optimized_5', 'optimized_20', 'optimizedSample_5'],
  optimLastSample: ['optimLastSample_5', 'optimLastSample_20'],
  deadBand: ['deadBand', 'deadBand_0', 'deadBand_2.5'],
  ignoreflyers: ['ignoreflyers_30_1', 'ignoreflyers_30_0'],
  flyers: ['flyers_30_1', 'flyers_30_0'],
  mean: ['mean_7', 'mean_0.5', 'meanSample_7', 'mean'],
  count: ['count_7', 'countSample_7'],
};

describe('each operator gives what its definition says, whatever the pieces and pages', () => {
  test.each(OPERATORS.flatMap((name) => VARIANTS[name] ?? [`${name}_7`, `${name}_33`]))(
    '%s',
    async (operator) => {
      await fc.assert(
        fc.asyncProperty(
          anySamples,
          fc.integer({ min: 1, max: 15 }),
          fc.constantFrom(1, 3, 1_000),
          fc.constantFrom(-1, 1e6),
          fc.integer({ min: 0, max: 5_000_000 }),
          async (samples, piece, mostSamples, mostMs, shiftUs) => {
            const range = { startUs: START_US + shiftUs, endUs: END_US - shiftUs };
            const given = await operated(samples, operator, { ...range, mostSamples, mostMs }, piece);
            const spec = parseOperator(operator);
            const expected = naiveOperator({ all: samples, spec, ...range });
            expect(given).toEqual(expected.map((entry) => ({ ...entry, value: close(entry.value) })));
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});

describe('statistics of known numbers', () => {
  // Worked out by hand, or known from textbooks: 2, 4, 4, 4, 5, 5, 7, 9 has the mean 5 and the population variance 4.
  const values = [2, 4, 4, 4, 5, 5, 7, 9];
  test.each<[string, StoredValue]>([
    ['mean', 5],
    ['min', 2],
    ['max', 9],
    ['count', 8],
    ['median', 4.5],
    ['variance', 32 / 7],
    ['popvariance', 4],
    ['std', Math.sqrt(32 / 7)],
    ['jitter', Math.sqrt(32 / 7) / 5],
    ['rms', Math.sqrt(29)],
    ['skewness', 0.8184875533567997],
    ['kurtosis', 0.940625],
    ['errorbar', [5, Math.sqrt(32 / 7)]],
  ])('%s is %s', async (name, expected) => {
    const samples = values.map((value, place) => sample(place, value));
    const [first] = await operated(samples, `${name}Sample_1000`);
    expect(first!.value).toEqual(close(expected));
  });
});

test('the mean of huge numbers is between them', async () => {
  const [first] = await operated([sample(0, 1.7e308), sample(1, 1.7e308)], 'meanSample_60');
  expect(first!.value).toBe(1.7e308);
});

describe('the name of an operator', () => {
  test('may have its numbers behind it, or the width beside it', () => {
    expect(parseOperator('mean_60')).toEqual({ name: 'mean', fills: true, widthUs: 60e6, parameter: 3 });
    expect(parseOperator('mean', 60)).toEqual(parseOperator('mean_60'));
    expect(parseOperator('mean').widthUs).toBe(900e6);
    expect(parseOperator('maxi_10')).toEqual(parseOperator('max_10'));
    expect(parseOperator('meanSample_10')).toMatchObject({ name: 'mean', fills: false });
    expect(parseOperator('ignoreflyers_60_2.5')).toMatchObject({ widthUs: 60e6, parameter: 2.5 });
    expect(parseOperator('nth_10')).toMatchObject({ name: 'nth', parameter: 10 });
    expect(parseOperator('optimLastSample_10')).toMatchObject({
      name: 'optimLastSample',
      fills: true,
      parameter: 10,
    });
  });

  test.each<[string, number | undefined, string, RegExp]>([
    ['average', undefined, 'operator', /there is no operator average; there are firstSample, .*errorbar$/],
    ['', undefined, 'operator', /there are firstSample/],
    ['mean_', undefined, 'operator', /the width in seconds is a number from 0.001/],
    ['mean_0', undefined, 'operator', /from 0.001/],
    ['mean_1e9', undefined, 'operator', /from 0.001/],
    ['mean_60_3', undefined, 'operator', /mean takes at most 1/],
    ['ncount_5', undefined, 'operator', /takes no number/],
    ['nth_1.5', undefined, 'operator', /n is an integer from 1/],
    ['flyers_60_3_1', undefined, 'operator', /at most 2/],
    ['mean_60', 60, 'widthSeconds', /the operator says it already/],
    ['nth', 60, 'widthSeconds', /nth has no bins/],
    ['constructor', undefined, 'operator', /there is no operator constructor/],
    ...OPERATORS_WITHOUT.map((name): [string, undefined, string, RegExp] => [
      name,
      undefined,
      'operator',
      /there is no operator/,
    ]),
  ])('%s with width %s is refused, naming %s', (text, width, field, message) => {
    const parse = () => parseOperator(text, width);
    expect(parse).toThrow(MalformedOperatorError);
    expect(parse).toThrow(
      expect.objectContaining({ field, message: expect.stringMatching(message) as string }),
    );
  });
});
