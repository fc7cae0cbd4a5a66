import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BIN_COLUMNS, type BinSeries } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import type { StoredSample, StoredValue } from '../../src/backend/stored-sample.ts';
import { gridOfWidth } from '../../src/bins/bin-grid.ts';
import type { BinsPosition } from '../../src/bins/bins-query.ts';
import { readBins } from '../../src/bins/bins-reader.ts';
import { isBinsPosition } from '../../src/bins/position-check.ts';
import { BIN_KINDS, type BinKind } from '../../src/bins/series-bins.ts';
import { ArraySource } from './array-source.ts';
import { anyMutation, mutated } from './mutated.ts';

const START_US = 1_795_305_600_000_000;
const GRID = gridOfWidth(START_US, START_US + 100e6, 3e6);
const VALUES: Readonly<Record<BinKind, readonly StoredValue[]>> = {
  number: [1, NaN, 2.5, null, Infinity],
  state: ['on', 'off', null, 'long '.repeat(50), 3],
  array: [[1, 2], [], [NaN]],
};
const source = (kind: BinKind) =>
  new ArraySource(
    Array.from({ length: 60 }, (_, place): StoredSample => {
      const timeUs = START_US + place * 1_700_000;
      const values = VALUES[kind];
      return { timeUs, valueTimeUs: timeUs, status: 'nominal', value: values[place % values.length]! };
    }),
    3,
  );

async function read(kind: BinKind, from: BinsPosition | undefined, mostMs: number) {
  const address = { component: 'wx', sensor: 'wind' };
  const series = [{ address, kind }];
  const query = {
    series,
    grid: GRID,
    columns: BIN_COLUMNS,
    boundary: false,
    nowUs: Infinity,
    mostBytes: 200,
  };
  const part = await readBins(source(kind), { ...query, mostMs, from });
  for (const text of part.series) validate<BinSeries[]>('binSeries', [JSON.parse(text)]);
  return part.next === undefined ? undefined : (JSON.parse(JSON.stringify(part.next)) as BinsPosition);
}

test.each(BIN_KINDS)(
  'a position of %s bins, changed by anybody, is refused or read like another',
  async (kind) => {
    const real: BinsPosition[] = [];
    for (const mostMs of [1e6, 0]) {
      for (
        let from = await read(kind, undefined, mostMs);
        from !== undefined;
        from = await read(kind, from, mostMs)
      )
        real.push(from);
    }
    expect(real.length).toBeGreaterThan(10);
    let accepted = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...real), anyMutation, async (position, mutations) => {
        const changed = mutated(position, mutations);
        if (!isBinsPosition(changed, GRID, [kind])) {
          refused += 1;
          return;
        }
        accepted += 1;
        await read(kind, changed as BinsPosition, 1e6);
      }),
      { numRuns: 1_000 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(20);
  },
);
