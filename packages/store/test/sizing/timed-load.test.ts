import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { timedLoad } from '../../src/sizing/timed-load.ts';

describe('a timed load', () => {
  test('counts the rows of all workers, and how long their requests take', async () => {
    const load = await timedLoad(4, 500, async () => {
      await delay(20);
      return 10;
    });
    // 4 workers, 10 rows each 20 ms at the most; a busy machine is slower.
    expect(load.perSecond).toBeLessThan(2_100);
    expect(load.perSecond).toBeGreaterThan(100);
    expect(load.medianMs).toBeGreaterThan(18);
    expect(load.p99Ms).toBeGreaterThanOrEqual(load.medianMs);
    expect(load.failure).toBeUndefined();
  });

  test('counts a request that takes longer than the load lasts by the time that it took', async () => {
    const load = await timedLoad(1, 50, async () => {
      await delay(400);
      return 100;
    });
    expect(load.requests).toBe(1);
    expect(load.perSecond).toBeLessThan(260);
    expect(load.perSecond).toBeGreaterThan(10);
  });

  test('ends with the first failure, and says what it was', async () => {
    let requests = 0;
    const load = await timedLoad(3, 60_000, async () => {
      await delay(1);
      if (++requests > 10) throw new Error('enough');
      return 1;
    });
    expect(load.failure).toEqual(new Error('enough'));
  });

  test('ends when there is nothing left to do', async () => {
    const load = await timedLoad(2, 60_000, () => Promise.resolve(undefined));
    expect(load).toMatchObject({ perSecond: 0, requests: 0 });
  });
});
