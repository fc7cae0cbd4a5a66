import { expect, test } from 'vitest';
import { SampleBatch } from '../../src/backend/sample-batch.ts';
import type { SampleRow } from '../../src/backend/stored-sample.ts';

const numbering = { addressOf: () => ({ component: 'wx', sensor: 'wind' }) };

test('a batch takes as many samples as it has room for, and refuses the next one', () => {
  const batch = new SampleBatch(numbering, 2);
  for (const sequence of [1, 2]) batch.add({ sequence, timestampUs: 1 }, 0, 1, 1, 0, sequence);
  expect(() => batch.add({ sequence: 3, timestampUs: 1 }, 0, 1, 1, 0, 3)).toThrow(RangeError);
  expect(Array.from(batch, ({ sequence, value }) => [sequence, value])).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test('what was added stays as it is while the columns grow', () => {
  const capacity = 20_001;
  const batch = new SampleBatch(numbering, capacity);
  expect(batch.times.length).toBeLessThan(capacity);
  for (let row = 0; row < capacity; row++) {
    batch.add({ sequence: row, timestampUs: 2 * row }, row, 3 * row, 4 * row, row % 7, row / 2, row % 3);
  }
  expect(batch).toHaveLength(capacity);
  const isAsAdded = ({ sequence, receivedUs, timeUs, valueTimeUs, value, epoch }: SampleRow, row: number) =>
    sequence === row &&
    receivedUs === 2 * row &&
    timeUs === 3 * row &&
    valueTimeUs === 4 * row &&
    value === row / 2 &&
    epoch === row % 3;
  expect([...batch].findIndex((sample, row) => !isAsAdded(sample, row))).toBe(-1);
  expect(() => batch.add({ sequence: 1, timestampUs: 1 }, 0, 1, 1, 0, 1)).toThrow(RangeError);
});
