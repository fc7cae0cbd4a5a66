import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  BIN_COLUMNS,
  decodeFloat,
  JoinedBins,
  STATUSES,
  type ArrayBins,
  type BinSeries,
  type NumberBins,
  type SensorAddress,
  type StateBins,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import type { StoredSample, StoredValue } from '../../src/backend/stored-sample.ts';
import { gridOfCount, gridOfWidth, type BinGrid } from '../../src/bins/bin-grid.ts';
import type { BinsPosition, BinsQuery } from '../../src/bins/bins-query.ts';
import { readBins } from '../../src/bins/bins-reader.ts';
import { isBinsPosition } from '../../src/bins/position-check.ts';
import type { SampleSource } from '../../src/bins/sample-source.ts';
import type { BinKind } from '../../src/bins/series-bins.ts';
import { ArraySource } from './array-source.ts';
import { exactSum, naiveBins, naiveHeld, naiveNumberRow, worst } from './naive-bins.ts';

const START_US = 1_795_305_600_000_000;
const SECOND_US = 1e6;
const ADDRESS = { component: 'wx', sensor: 'wind' };

function sample(
  seconds: number,
  value: StoredValue,
  status: StoredSample['status'] = 'nominal',
): StoredSample {
  const timeUs = START_US + Math.round(seconds * SECOND_US);
  return { timeUs, valueTimeUs: timeUs, status, value };
}

interface Reading {
  readonly series: BinSeries[];
  readonly pages: number;
}

/** All pages, each begun with nothing but what the one before has told, as it crosses a wire. */
async function readAll(
  source: SampleSource,
  kind: BinKind,
  query: Partial<BinsQuery> & { grid: BinGrid },
): Promise<Reading> {
  const joined = new JoinedBins();
  let from: BinsPosition | undefined;
  let pages = 0;
  do {
    const part = await readBins(source, {
      series: [{ address: ADDRESS, kind }],
      columns: BIN_COLUMNS,
      boundary: false,
      nowUs: Infinity,
      mostBytes: 1e6,
      mostMs: 1e6,
      ...query,
      from,
    });
    const series = part.series.map((text) => JSON.parse(text) as BinSeries);
    joined.add({ series });
    validate('binSeries', series);
    from = part.next === undefined ? undefined : (JSON.parse(JSON.stringify(part.next)) as BinsPosition);
    if (from !== undefined)
      expect(
        isBinsPosition(
          from,
          query.grid,
          Array.from({ length: query.series?.length ?? 1 }, () => kind),
        ),
        JSON.stringify(from),
      ).toBe(true);
    pages += 1;
  } while (from !== undefined);
  return { series: joined.series, pages };
}

async function readOne<Series extends BinSeries>(
  samples: readonly StoredSample[],
  kind: Series['kind'],
  query: Partial<BinsQuery> & { grid: BinGrid },
  pieceSamples = 3,
): Promise<Series> {
  const { series } = await readAll(new ArraySource(samples, pieceSamples), kind, query);
  return series[0] as Series;
}

const seconds = (from: number, to: number, count: number) =>
  gridOfCount(START_US + from * SECOND_US, START_US + to * SECOND_US, count);

const anyTimes = fc.uniqueArray(fc.integer({ min: -20_000, max: 120_000 }), { maxLength: 60 });
const anyOf = (value: fc.Arbitrary<StoredValue>): fc.Arbitrary<StoredSample[]> =>
  fc
    .tuple(anyTimes, fc.infiniteStream(fc.tuple(value, fc.constantFrom(...STATUSES))))
    .map(([times, stream]) =>
      times
        .sort((a, b) => a - b)
        .map((milliseconds) => {
          const [of, status] = stream.next().value as [StoredValue, StoredSample['status']];
          return sample(milliseconds / 1_000, of, status);
        }),
    );
const anyNumber = fc.oneof(
  fc.double().map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.double({ min: -100, max: 100, noNaN: true }).map((number) => number || 0),
  fc.integer({ min: -5, max: 5 }),
);
const anyGrid = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map((count) => seconds(0, 100, count)),
  fc
    .integer({ min: 700, max: 200_000 })
    .map((ms) => gridOfWidth(START_US + 1, START_US + 100e6 - 7, ms * 1_000)),
);
const anyReading = {
  piece: fc.integer({ min: 1, max: 20 }),
  mostBytes: fc.constantFrom(1, 300, 1e6),
  mostMs: fc.constantFrom(-1, 1e6),
};

describe('bins of numbers', () => {
  test('are what the definition says, however the samples come in pieces, summaries and pages', async () => {
    let summaries = 0;
    await fc.assert(
      fc.asyncProperty(
        anyOf(fc.oneof({ weight: 8, arbitrary: anyNumber }, fc.constantFrom(null, true, 'text', NaN))),
        anyGrid,
        fc.record(anyReading),
        async (samples, grid, { piece, mostBytes, mostMs }) => {
          const source = new ArraySource(samples, piece);
          const { series } = await readAll(source, 'number', { grid, mostBytes, mostMs });
          summaries += source.summaries;
          const [bins] = series as [NumberBins];
          const expected = naiveBins(grid, samples).filter((bin) => bin.samples.length > 0);
          expect(bins.bin).toEqual(expected.map(({ bin }) => bin));
          for (const [place, bin] of expected.entries()) {
            const { mean, ...row } = naiveNumberRow(bin);
            const found = BIN_COLUMNS.filter((column) => column !== 'mean').map((column) => {
              const element = bins[column]![place]!;
              return [column, column === 'status' ? element : element === null ? null : decodeFloat(element)];
            });
            expect({ bin: bins.bin[place], ...Object.fromEntries(found) }).toEqual(row);
            expectMean(bins.mean![place]!, mean as number | null, bin.samples, source.summaries > 0);
          }
        },
      ),
      { numRuns: 500 },
    );
    expect(summaries).toBeGreaterThan(20);
  });

  test('have a mean that loses nothing where doubles added one by one would', async () => {
    const values = [1e16, 1, -1e16, 1, 1e100, 1, -1e100, 1];
    const { mean } = await readOne<NumberBins>(
      values.map((value, place) => sample(place, value)),
      'number',
      { grid: seconds(0, 10, 1) },
      1_000,
    );
    expect(mean).toEqual([4 / 8]);
  });

  test('have a mean between their least and their greatest, also where the sum leaves the range of doubles', async () => {
    const values = [1.7e308, 1.7e308, 1.6e308];
    const { mean, max } = await readOne<NumberBins>(
      values.map((value, place) => sample(place, value)),
      'number',
      { grid: seconds(0, 10, 1) },
      1_000,
    );
    expect(mean![0]).toBeLessThanOrEqual(max![0] as number);
  });

  test('say that they are infinite, or that plus and minus infinity have no mean', async () => {
    const samples = [
      sample(0, Infinity),
      sample(1, 5),
      sample(10, Infinity),
      sample(11, -Infinity),
      sample(20, NaN),
    ];
    const bins = await readOne<NumberBins>(samples, 'number', { grid: seconds(0, 30, 3) });
    expect(bins).toMatchObject({
      bin: [0, 1, 2],
      count: [2, 2, 0],
      nan: [0, 0, 1],
      min: [5, '-Infinity', null],
      max: ['Infinity', 'Infinity', null],
      mean: ['Infinity', 'NaN', null],
      last: [5, '-Infinity', 'NaN'],
    });
  });

  test('are half-open: a sample on an edge is in the bin that begins there, one at the end in none', async () => {
    const samples = [sample(-0.000001, 1), sample(0, 2), sample(9.999999, 3), sample(10, 4), sample(20, 5)];
    const bins = await readOne<NumberBins>(samples, 'number', { grid: seconds(0, 20, 2), boundary: true });
    expect(bins).toMatchObject({ bin: [0, 1], count: [2, 1], min: [2, 4], max: [3, 4] });
    expect(bins.before).toMatchObject({ value: 1 });
  });

  test('leave out what was not asked for, and empty bins', async () => {
    const samples = [sample(1, 1), sample(95, 2)];
    const bins = await readOne<NumberBins>(samples, 'number', {
      grid: seconds(0, 100, 10),
      columns: ['max'],
    });
    expect(bins).toEqual({ ...ADDRESS, kind: 'number', bin: [0, 9], max: [1, 2] });
  });
});

function expectMean(
  found: number | string | null,
  expected: number | null,
  samples: readonly StoredSample[],
  hasSummaries: boolean,
): void {
  if (expected === null || !Number.isFinite(expected)) {
    const isOverflow =
      expected !== null && samples.every(({ value }) => Number.isFinite(value) || typeof value !== 'number');
    if (!isOverflow) expect(found === null ? null : decodeFloat(found)).toEqual(expected);
    return;
  }
  const numbers = samples
    .map(({ value }) => value)
    .filter((value): value is number => typeof value === 'number' && !Number.isNaN(value));
  const size = exactSum(numbers.map(Math.abs)) / numbers.length;
  // The sum of a summary is one double: it is rounded once.
  const lost = hasSummaries ? Number.EPSILON * size : numbers.length * Number.EPSILON ** 2 * size * 8;
  const bound = 4 * Number.EPSILON * Math.abs(expected) + lost;
  if (Number.isFinite(size)) expect(Math.abs(decodeFloat(found)! - expected)).toBeLessThanOrEqual(bound);
}

describe('bins of states', () => {
  const anyState = fc.constantFrom<StoredValue>('on', 'off', 'broken', true, null, 7);

  test('account for every microsecond of which the state is known', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyOf(anyState),
        anyGrid,
        fc.record({ ...anyReading, now: fc.integer({ min: -10, max: 150 }) }),
        async (all, grid, { piece, mostBytes, mostMs, now }) => {
          // What follows after the range is not asked for.
          const samples = all.filter(({ timeUs }) => timeUs < grid.endUs);
          const nowUs = START_US + now * SECOND_US;
          const bins = await readOne<StateBins>(samples, 'state', { grid, mostBytes, mostMs, nowUs }, piece);
          const expected = naiveBins(grid, samples)
            .map((bin) => ({ ...bin, held: naiveHeld(bin, samples, nowUs) }))
            .filter((bin) => bin.samples.length > 0 || bin.held.size > 0);
          expect(bins.bin).toEqual(expected.map(({ bin }) => bin));
          for (const [place, bin] of expected.entries()) {
            const held = bins.held[place]!.map(([state, time]) => [
              bins.states[state],
              Math.round(time * 1e6),
            ]);
            expect(new Map(held as [StoredValue, number][])).toEqual(bin.held);
            const last = samples.findLast(({ timeUs }) => timeUs < bin.endUs)!;
            expect(bins.states[bins.last[place]!]).toEqual(last.value);
            expect(bins.count[place]).toBe(bin.samples.length);
            const before = samples.findLastIndex(({ timeUs }) => timeUs < bin.startUs);
            const holdsAtStart = before !== -1 && (samples[before + 1]?.timeUs ?? nowUs) > bin.startUs;
            const entering = holdsAtStart ? [samples[before]!] : [];
            expect(bins.status[place]).toBe(worst([...entering, ...bin.samples]));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('begin with the state that was there before', async () => {
    const samples = [sample(-500, 'off', 'warn'), sample(15, 'on')];
    const bins = await readOne<StateBins>(samples, 'state', { grid: seconds(0, 30, 3) });
    expect(bins).toEqual({
      ...ADDRESS,
      kind: 'state',
      states: ['off', 'on'],
      bin: [0, 1, 2],
      count: [0, 1, 0],
      status: ['warn', 'warn', 'nominal'],
      last: [0, 1, 1],
      held: [
        [[0, 10]],
        [
          [0, 5],
          [1, 5],
        ],
        [[1, 10]],
      ],
    });
  });

  test('stay small, whatever texts come', async () => {
    const long = (start: string) => start + 'x'.repeat(100_000);
    const samples = Array.from({ length: 5_000 }, (_, place) => sample(place, long(`${place}`)));
    const { series, pages } = await readAll(new ArraySource(samples, 1_000), 'state', {
      grid: seconds(0, 5_000, 1),
    });
    const [bins] = series as [StateBins];
    expect(pages).toBe(1);
    expect(bins.states).toHaveLength(102);
    expect(bins.states.slice(0, 2)).toEqual([`0${'x'.repeat(99)}…`, `1${'x'.repeat(99)}…`]);
    expect(bins.held[0]!.at(-1)).toEqual([bins.states.indexOf('…'), 4_900]);
    expect(bins.states[bins.last[0]!]).toBe(`4999${'x'.repeat(96)}…`);
  });
});

describe('bins of arrays', () => {
  test('have the count and the last array', async () => {
    const anyArray = fc.oneof(fc.array(anyNumber, { maxLength: 4 }), fc.constant(null));
    await fc.assert(
      fc.asyncProperty(
        anyOf(anyArray),
        anyGrid,
        fc.record(anyReading),
        async (samples, grid, { piece, mostBytes, mostMs }) => {
          const bins = await readOne<ArrayBins>(samples, 'array', { grid, mostBytes, mostMs }, piece);
          const expected = naiveBins(grid, samples).filter((bin) => bin.samples.length > 0);
          const last = bins.last.map((value) =>
            Array.isArray(value) ? value.map((element) => decodeFloat(element)) : value,
          );
          expect({ ...bins, last }).toMatchObject({
            bin: expected.map(({ bin }) => bin),
            count: expected.map((bin) => bin.samples.length),
            status: expected.map((bin) => worst(bin.samples)),
            last: expected.map((bin) => bin.samples.at(-1)!.value),
          });
        },
      ),
      { numRuns: 200 },
    );
  });
});

test('a page ends at its bytes, and none is without progress', async () => {
  const samples = Array.from({ length: 10_000 }, (_, place) => sample(place, place / 7));
  const query = { grid: seconds(0, 10_000, 5_000), mostBytes: 20_000 };
  const { series, pages } = await readAll(new ArraySource(samples, 1_000), 'number', query);
  expect(pages).toBeGreaterThan(20);
  expect(series[0]!.bin).toHaveLength(5_000);
  const { pages: each } = await readAll(new ArraySource(samples, 100), 'number', { ...query, mostMs: -1 });
  expect(each).toBe(100);
});

/** A source whose answers take a while, and that tells which sensors are being read. */
class SlowSource implements SampleSource {
  readonly sensorsAhead: number;
  readonly open = new Set<string>();
  readonly begun: string[] = [];
  mostOpen = 0;

  constructor(sensorsAhead: number) {
    this.sensorsAhead = sensorsAhead;
  }

  async *pieces({ sensor }: SensorAddress, startUs: number, endUs: number) {
    this.begun.push(sensor);
    this.open.add(sensor);
    this.mostOpen = Math.max(this.mostOpen, this.open.size);
    try {
      await delay(1);
      if (sensor === 'broken') throw new Error('broken');
      const samples = Array.from({ length: 40 }, (_, place) => sample(place, Number(sensor) + place));
      yield* new ArraySource(samples, 10).pieces(undefined, startUs, endUs, {});
    } finally {
      this.open.delete(sensor);
    }
  }

  lastBefore(): Promise<undefined> {
    return Promise.resolve(undefined);
  }
}

describe('sensors that are asked for before their turn', () => {
  const series = (names: readonly (number | string)[]) =>
    names.map((name) => ({ address: { component: 'wx', sensor: String(name) }, kind: 'number' as const }));
  const twelve = series(Array.from({ length: 12 }, (_, place) => place));

  test.each([
    ['one page', { mostBytes: 1e6 }],
    ['pages of some sensors', { mostBytes: 15_000 }],
    ['pages of a part of one', { mostBytes: 500 }],
    ['pages of one piece', { mostMs: -1 }],
  ])('change nothing in %s', async (_name, bounds) => {
    const query = { grid: seconds(0, 40, 40), series: twelve, ...bounds };
    const one = new SlowSource(0);
    const several = new SlowSource(4);
    const expected = await readAll(one, 'number', query);
    expect(await readAll(several, 'number', query)).toEqual(expected);
    expect([one.mostOpen, one.open.size]).toEqual([1, 0]);
    await vi.waitFor(() => {
      expect(several.open.size).toBe(0);
    });
  });

  test('are so many at the most, and only as many as may fit on the page', async () => {
    const source = new SlowSource(3);
    const query = { grid: seconds(0, 40, 40), series: twelve };
    await readAll(source, 'number', query);
    expect(source.mostOpen).toBe(3);
    expect(source.begun).toHaveLength(12);
    const paged = new SlowSource(3);
    const { pages } = await readAll(paged, 'number', { ...query, mostBytes: 15_000 });
    expect(pages).toBeGreaterThan(2);
    expect(paged.begun.length).toBeLessThanOrEqual(12 + 2 * pages);
  });

  test('fail in their turn, and what was asked for behind them is let go', async () => {
    const source = new SlowSource(4);
    const query = { grid: seconds(0, 40, 40), series: series([1, 2, 'broken', 3, 4]) };
    await expect(readAll(source, 'number', query)).rejects.toThrow('broken');
    await vi.waitFor(() => {
      expect(source.open.size).toBe(0);
    });
  });
});

test('a grid lies at whole multiples of its width, or begins with the range', () => {
  expect(gridOfWidth(125, 1_000, 60)).toEqual({ originUs: 120, widthUs: 60, startUs: 125, endUs: 1_000 });
  expect(gridOfWidth(-125, 1_000, 60).originUs).toBe(-180);
  expect(gridOfCount(100, 200, 30)).toMatchObject({ originUs: 100, widthUs: 4 });
  expect(gridOfCount(100, 103, 30)).toMatchObject({ widthUs: 1 });
});
