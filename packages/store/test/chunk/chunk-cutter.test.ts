import { expect, test } from 'vitest';
import type { ColumnBlock } from '../../src/backend/column-block.ts';
import { blockOf } from '../../src/backend/sample-block.ts';
import { ChunkCutter } from '../../src/chunk/chunk-cutter.ts';
import { DAY_START_US, sampleRow } from '../backend/rows.ts';

const TEXT_UNITS = 300_000;

test('long texts are handed on before there are as many samples as a chunk may have', () => {
  const chunks: ColumnBlock[] = [];
  const cutter = new ChunkCutter((chunk) => chunks.push(chunk));
  for (let place = 0; place < 40; place++) {
    const value = String(place).padEnd(TEXT_UNITS, 'x');
    cutter.add(blockOf([sampleRow({ timeUs: DAY_START_US + place, value })]));
    const handedOn = chunks.reduce((sum, { length }) => sum + length, 0);
    expect(place + 1 - handedOn).toBeLessThan(5);
  }
  cutter.end();
  expect(chunks.flatMap(({ timesUs }) => [...timesUs])).toEqual(
    Array.from({ length: 40 }, (_, place) => DAY_START_US + place),
  );
  for (const { length } of chunks) expect(length * TEXT_UNITS).toBeLessThanOrEqual(1024 ** 2);
});
