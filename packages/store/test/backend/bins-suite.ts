import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BIN_COLUMNS, decodeFloat, JoinedBins, type BinSeries, type NumberBins } from '@katbus/protocol';
import type { Backend } from '../../src/backend/backend.ts';
import type { SampleRow, StoredSample } from '../../src/backend/stored-sample.ts';
import { gridOfCount, type BinGrid } from '../../src/bins/bin-grid.ts';
import type { BinsPosition, BinsQuery } from '../../src/bins/bins-query.ts';
import type { BinKind } from '../../src/bins/series-bins.ts';
import type { OperatorPosition } from '../../src/operators/operator-query.ts';
import { parseOperator, type OperatorSpec } from '../../src/operators/operator-spec.ts';
import { exactMean, naiveBins, naiveNumberRow } from '../bins/naive-bins.ts';
import { naiveOperator } from '../operators/naive-operators.ts';
import type { BackendUnderTest } from './backend-suite.ts';
import { batch, DAY_START_US, sampleRow, withoutAddress } from './rows.ts';

const HOUR_US = 3_600e6;

/** What bins and operators of every back end must be, wherever its samples come from. */
export function binsSuite(
  name: string,
  open: (options: { quarantineBytes: number }) => Promise<BackendUnderTest>,
): void {
  describe(`bins of back end ${name}`, () => {
    let under: BackendUnderTest;
    let backend: Backend;
    beforeEach(async () => {
      under = await open({ quarantineBytes: 1_000 });
      backend = under.backend;
    });
    afterEach(() => under.dispose());

    const address = (sensor: string) => ({ component: 'wx', sensor });
    const write = (samples: SampleRow[]) => backend.write(batch({ samples }));

    async function readAll(
      sensors: readonly [string, BinKind][],
      grid: BinGrid,
      query: Partial<BinsQuery> = {},
    ) {
      const joined = new JoinedBins();
      let from: BinsPosition | undefined;
      let pages = 0;
      do {
        const part = await backend.bins({
          series: sensors.map(([sensor, kind]) => ({ address: address(sensor), kind })),
          grid,
          columns: BIN_COLUMNS,
          boundary: false,
          nowUs: grid.endUs,
          mostBytes: 1e6,
          mostMs: 1e6,
          ...query,
          from,
        });
        joined.add({ series: part.series.map((text) => JSON.parse(text) as BinSeries) });
        from = part.next;
        pages += 1;
      } while (from !== undefined);
      return { series: joined.series, pages };
    }

    /** As the wire has them, but for the mean, whose last digit may differ where sums were summed up. */
    function expectNumbers(bins: NumberBins, grid: BinGrid, samples: readonly StoredSample[]): void {
      const expected = naiveBins(grid, samples).filter((bin) => bin.samples.length > 0);
      expect(bins.bin).toEqual(expected.map(({ bin }) => bin));
      for (const [place, bin] of expected.entries()) {
        const found = BIN_COLUMNS.map((column) => [column, bins[column]![place]] as const);
        const row = Object.fromEntries(
          found.map(([column, value]) => [
            column,
            column === 'status' || value === null ? value : decodeFloat(value),
          ]),
        );
        const numbers = bin.samples
          .map(({ value }) => value)
          .filter((value) => typeof value === 'number' && !Number.isNaN(value));
        const mean =
          numbers.length === 0 ? null : (expect.closeTo(exactMean(numbers as number[]), 6) as number);
        expect({ bin: bin.bin, ...row }).toEqual({ ...naiveNumberRow(bin), mean });
      }
    }

    test('sum up days, closed ones with what came late as well, whatever the width', async () => {
      const anySamples = fc.array(
        fc.record({
          timeUs: fc.oneof(
            fc.integer({ min: -2 * 86_400, max: 86_400 }).map((seconds) => DAY_START_US + seconds * 1e6),
            // Runs that lie close, as chunks have them.
            fc.integer({ min: -600, max: 600 }).map((seconds) => DAY_START_US - 86_400e6 + seconds * 1e6),
          ),
          value: fc.oneof(
            { weight: 9, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
            fc.constantFrom(NaN, null),
          ),
          status: fc.constantFrom('nominal' as const, 'warn' as const, 'failure' as const),
        }),
        { maxLength: 120 },
      );
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          anySamples,
          anySamples,
          fc.integer({ min: 1, max: 3_000 }),
          fc.boolean(),
          async (early, late, bins, isClosed) => {
            const sensor = `run_${++run}`;
            const rows = (records: typeof early) =>
              records.map((record) =>
                sampleRow({
                  ...record,
                  value: Object.is(record.value, -0) ? 0 : record.value,
                  sensor,
                  valueTimeUs: 0,
                }),
              );
            await write(rows(early));
            if (isClosed) await under.closeDays?.();
            await write(rows(late));
            if (isClosed && run % 2 === 0) await under.closeDays?.();
            const byTime = new Map(
              [...rows(early), ...rows(late)].map((row) => [row.timeUs, withoutAddress(row)]),
            );
            const samples = [...byTime.values()].sort((a, b) => a.timeUs - b.timeUs);
            const grid = gridOfCount(DAY_START_US - 2 * 86_400e6, DAY_START_US + 86_400e6, bins);
            const { series } = await readAll([[sensor, 'number']], grid);
            expectNumbers(series[0] as NumberBins, grid, samples);
          },
        ),
        { numRuns: 12 },
      );
    });

    test('give many sensors in the order of the request, in pages that end with their time and bytes', async () => {
      const sensors = Array.from({ length: 20 }, (_, place) => `s_${(place * 7) % 20}`);
      const rows = sensors.flatMap((sensor, place) =>
        Array.from({ length: 300 }, (_, second) =>
          sampleRow({ sensor, timeUs: DAY_START_US + second * 1e6, value: place * 1_000 + second }),
        ),
      );
      await write(rows);
      await under.closeDays?.();
      const grid = gridOfCount(DAY_START_US, DAY_START_US + 300e6, 30);
      const kinds = sensors.map((sensor): [string, BinKind] => [sensor, 'number']);
      const whole = await readAll(kinds, grid);
      expect(whole.pages).toBe(1);
      expect(whole.series.map(({ sensor }) => sensor)).toEqual(sensors);
      expect((whole.series[3] as NumberBins).mean![0]).toBe(3_000 + 4.5);
      for (const query of [{ mostBytes: 3_000 }, { mostMs: -1 }]) {
        const cut = await readAll(kinds, grid, query);
        expect(cut.pages).toBeGreaterThan(10);
        expect(cut.series).toEqual(whole.series);
      }
    });

    test('carry a state through days of silence', async () => {
      const mode = (hours: number, value: string | boolean) =>
        sampleRow({ sensor: 'mode', timeUs: DAY_START_US + hours * HOUR_US, value });
      await write([mode(-60, 'off'), mode(1.5, 'on'), mode(2, 'off')]);
      await under.closeDays?.();
      const grid = gridOfCount(DAY_START_US, DAY_START_US + 4 * HOUR_US, 4);
      const { series } = await readAll([['mode', 'state']], grid, { boundary: true });
      expect(series[0]).toMatchObject({
        before: { value: 'off' },
        states: ['off', 'on'],
        bin: [0, 1, 2, 3],
        count: [0, 1, 1, 0],
        last: [0, 1, 0, 0],
        held: [
          [[0, 3_600]],
          [
            [0, 1_800],
            [1, 1_800],
          ],
          [[0, 3_600]],
          [[0, 3_600]],
        ],
      });
    });

    test('give the last array, and nothing of a sensor without samples', async () => {
      await write([sampleRow({ sensor: 'spectrum', value: [1, NaN] })]);
      const grid = gridOfCount(DAY_START_US, DAY_START_US + HOUR_US, 2);
      const { series } = await readAll(
        [
          ['spectrum', 'array'],
          ['nothing', 'number'],
          ['silent', 'state'],
        ],
        grid,
      );
      expect(series).toEqual([
        {
          component: 'wx',
          sensor: 'spectrum',
          kind: 'array',
          bin: [0],
          count: [1],
          status: ['nominal'],
          last: [[1, 'NaN']],
        },
        expect.objectContaining({ sensor: 'nothing', bin: [] }),
        expect.objectContaining({ sensor: 'silent', bin: [], states: [] }),
      ]);
    });

    test('operate on rows and on closed days alike', async () => {
      const rows = Array.from({ length: 3_000 }, (_, place) =>
        sampleRow({
          sensor: 'worked',
          timeUs: DAY_START_US - HOUR_US + place * 3e6 + (place % 13) * 1_000,
          valueTimeUs: 17,
          value: place % 97 === 0 ? NaN : Math.round(100 * Math.sin(place / 50)) / 10,
          status: place % 500 === 0 ? 'warn' : 'nominal',
        }),
      );
      const range = { startUs: DAY_START_US - HOUR_US + 1, endUs: DAY_START_US + HOUR_US };
      async function given(operator: OperatorSpec): Promise<StoredSample[]> {
        const samples: StoredSample[] = [];
        let from: OperatorPosition | undefined;
        do {
          const bounds = { mostSamples: 400, mostBytes: 1e6, mostMs: 1e6 };
          const part = await backend.operate({
            ...range,
            ...bounds,
            operator,
            address: address('worked'),
            from,
          });
          samples.push(...part.samples);
          from = part.next;
        } while (from !== undefined);
        return samples;
      }
      const operators = [
        'mean_600',
        'firstSample_600',
        'std_60',
        'nth_7',
        'lastFill_600',
        'median_600',
        'optimized_50',
      ];
      const specs = operators.map((operator) => parseOperator(operator));
      await write(rows);
      const ofRows = await Promise.all(specs.map(given));
      for (const [place, spec] of specs.entries()) {
        const expected = naiveOperator({ all: rows.map(withoutAddress), spec, ...range });
        expect(ofRows[place]!.map(({ timeUs }) => timeUs)).toEqual(expected.map(({ timeUs }) => timeUs));
        expect(ofRows[place]!.map(({ value }) => value)).toEqual(expected.map(({ value }) => close(value)));
      }
      await under.closeDays?.();
      expect(await Promise.all(specs.map(given))).toEqual(ofRows);
    });
  });
}

function close(value: StoredSample['value']): unknown {
  if (typeof value === 'number' && Number.isFinite(value)) return expect.closeTo(value, 6);
  return Array.isArray(value) ? value.map(close) : value;
}
