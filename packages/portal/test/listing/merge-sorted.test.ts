import { LoopTurns } from '@katbus/bus/daemon';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { listText } from '../../src/listing/list-text.ts';
import { mergeSorted } from '../../src/listing/merge-sorted.ts';

const compare = (a: number, b: number) => a - b;

/** Turns that are over each time they are asked, and how many there were. */
function impatientTurns() {
  const counted = { turns: 0 };
  const nextTurn = () => Promise.resolve((counted.turns += 1));
  return { counted, turns: new LoopTurns({ mostMs: 0, nextTurn }) };
}

describe('sorted lists', () => {
  test('become one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.integer()).map((list) => list.sort(compare))), async (lists) => {
        const all = lists.flat().sort(compare);
        expect(await mergeSorted(lists, compare, new LoopTurns())).toEqual(all);
      }),
    );
  });

  test('do so in turns', async () => {
    const { counted, turns } = impatientTurns();
    const lists = Array.from({ length: 400 }, (_, list) =>
      Array.from({ length: 500 }, (_unused, i) => list + i),
    );
    expect(await mergeSorted(lists, compare, turns)).toHaveLength(200_000);
    // Nine times all 200,000 are moved, 256 between two looks at the clock.
    expect(counted.turns).toBeGreaterThan((9 * 200_000) / 256 / 1.5);
  });
});

test('a listing is written in turns, one look at the clock for each sensor', async () => {
  const { counted, turns } = impatientTurns();
  const sensors = Array.from({ length: 1_000 }, (_, i) => ({
    component: 'wx',
    sensor: `s${i}`,
    attributes: { name: `wx_s${i}`, units: '"' },
  }));
  const result = { sensors, absent: ['dome'] };
  const { text } = await listText(result, turns);
  expect(JSON.parse(text)).toEqual(result);
  expect(counted.turns).toBe(1_000);
});
