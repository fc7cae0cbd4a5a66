import { describe, expect, test } from 'vitest';
import { InFlight } from '../../../../src/backend/cassandra/session/in-flight.ts';

const OPTIONS = { least: 2, first: 4, most: 20, targetMs: 100 };

/** Enters as often as it may at once. */
async function fill(inFlight: InFlight): Promise<number> {
  let entered = 0;
  while (inFlight.load.under < inFlight.limit) {
    await inFlight.enter();
    entered++;
  }
  return entered;
}

describe('the limit of requests in flight', () => {
  test('lets through so many, and the others in their order, one for each that ends', async () => {
    const inFlight = new InFlight({ ...OPTIONS, most: 4 });
    const order: number[] = [];
    const entering = Array.from({ length: 7 }, async (_, i) => {
      await inFlight.enter();
      order.push(i);
    });
    await Promise.all(entering.slice(0, 4));
    expect(order).toEqual([0, 1, 2, 3]);
    expect(inFlight.load).toEqual({ under: 4, waiting: 3 });
    for (let i = 0; i < 3; i++) inFlight.leave('answered', 10);
    await Promise.all(entering);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(inFlight.load).toEqual({ under: 4, waiting: 0 });
  });

  test('rises while answers come in time and it is used up, to the most', async () => {
    const inFlight = new InFlight(OPTIONS);
    for (let round = 0; round < 100; round++) {
      await fill(inFlight);
      inFlight.leave('answered', 10);
    }
    expect(inFlight.limit).toBeGreaterThan(8);
    for (let round = 0; round < 1_000; round++) {
      await fill(inFlight);
      inFlight.leave('answered', 10);
    }
    expect(inFlight.limit).toBe(20);
  });

  test('does not rise while it is not used up', async () => {
    const inFlight = new InFlight(OPTIONS);
    for (let round = 0; round < 1_000; round++) {
      await inFlight.enter();
      inFlight.leave('answered', 1);
    }
    expect(inFlight.limit).toBe(4);
  });

  test('falls when answers come late, and not below the least', async () => {
    const inFlight = new InFlight({ ...OPTIONS, first: 16 });
    await fill(inFlight);
    for (let i = 0; i < 16; i++) inFlight.leave('answered', 500);
    expect(inFlight.limit).toBeLessThan(16);
    expect(inFlight.limit).toBeGreaterThan(2);
    for (let round = 0; round < 50; round++) {
      const entered = await fill(inFlight);
      for (let i = 0; i < entered; i++) inFlight.leave('answered', 500);
    }
    expect(inFlight.limit).toBe(2);
  });

  test('falls once, not for each of many requests that were overloaded together', async () => {
    const inFlight = new InFlight({ ...OPTIONS, first: 20 });
    await fill(inFlight);
    for (let i = 0; i < 10; i++) inFlight.leave('overloaded', 50);
    expect(inFlight.limit).toBe(14);
  });

  test('comes back when answers come in time again', async () => {
    const inFlight = new InFlight({ ...OPTIONS, first: 16 });
    for (let round = 0; round < 50; round++) {
      const entered = await fill(inFlight);
      for (let i = 0; i < entered; i++) inFlight.leave('answered', 500);
    }
    for (let round = 0; round < 500; round++) {
      await fill(inFlight);
      inFlight.leave('answered', 5);
    }
    expect(inFlight.limit).toBeGreaterThan(15);
  });

  test('is not changed by requests that failed for another reason', async () => {
    const inFlight = new InFlight(OPTIONS);
    for (let round = 0; round < 100; round++) {
      await inFlight.enter();
      inFlight.leave('failed', 12_000);
    }
    expect(inFlight.limit).toBe(4);
    expect(inFlight.averageMs).toBeUndefined();
  });

  test('says when nothing is under way any more', async () => {
    const inFlight = new InFlight(OPTIONS);
    await inFlight.enter();
    await inFlight.enter();
    let idle = false;
    const waiting = inFlight.idle().then(() => {
      idle = true;
    });
    inFlight.leave('answered', 1);
    await Promise.resolve();
    expect(idle).toBe(false);
    inFlight.leave('answered', 1);
    await waiting;
  });
});
