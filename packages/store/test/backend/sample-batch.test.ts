import { expect, test } from 'vitest';
import { SampleBatch } from '../../src/backend/sample-batch.ts';

test('a batch takes as many samples as it has room for, and refuses the next one', () => {
  const batch = new SampleBatch({ addressOf: () => ({ component: 'wx', sensor: 'wind' }) }, 2);
  for (const sequence of [1, 2]) batch.add({ sequence, timestampUs: 1 }, 0, 1, 1, 0, sequence);
  expect(() => batch.add({ sequence: 3, timestampUs: 1 }, 0, 1, 1, 0, 3)).toThrow(RangeError);
  expect(Array.from(batch, ({ sequence, value }) => [sequence, value])).toEqual([
    [1, 1],
    [2, 2],
  ]);
});
