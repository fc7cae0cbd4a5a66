import { describe, expect, it } from 'vitest';
import { LineQueue } from '../../src/portal/line-queue.ts';

describe('the lines that wait for a terminal', () => {
  it('are all those of a large snapshot, in order', () => {
    const queue = new LineQueue<number>();
    for (let place = 0; place < 200_000; place += 1) queue.add(place);
    for (let place = 0; place < 200_000; place += 1) {
      if (queue.take() !== place) throw new Error(`not in order at ${place}`);
    }
    expect(queue.take()).toBeUndefined();
    expect(queue.leftOut).toBe(0);
  });

  it('are bounded: the newest are left out and counted', () => {
    const queue = new LineQueue<string>(2);
    for (const entry of ['a', 'b', 'c', 'd']) queue.add(entry);
    expect(queue.take()).toBe('a');
    queue.add('e');
    expect([queue.take(), queue.take(), queue.take()]).toEqual(['b', 'e', undefined]);
    expect(queue.leftOut).toBe(2);
  });

  it('come in order while others are added', () => {
    const queue = new LineQueue<number>(10_000);
    const seen: (number | undefined)[] = [];
    for (let place = 0; place < 9_000; place += 1) {
      queue.add(place);
      if (place % 3 === 0) seen.push(queue.take());
    }
    for (let entry = queue.take(); entry !== undefined; entry = queue.take()) seen.push(entry);
    expect(seen).toEqual(Array.from({ length: 9_000 }, (_, place) => place));
  });
});
