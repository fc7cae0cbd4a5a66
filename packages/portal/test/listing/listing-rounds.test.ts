import { describe, expect, test } from 'vitest';
import { ListingRounds } from '../../src/listing/listing-rounds.ts';

/** Work that ends when the test says so. */
function setUp() {
  const rounds = new ListingRounds<string>();
  const runs: { readonly end: (error?: Error) => Promise<void>; readonly askers: () => number }[] = [];
  const ask = (key: string) =>
    rounds.ask(key, async (askers) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const name = `run ${runs.length}`;
      const end = async (error?: Error) => {
        if (error === undefined) resolve(name);
        else reject(error);
        await promise.catch(() => undefined);
        await new Promise((resolved) => setImmediate(resolved));
      };
      runs.push({ end, askers });
      return promise;
    });
  return { runs, ask };
}

describe('rounds of listings', () => {
  test('who asks while one is under way shares the next, which begins after he asked', async () => {
    const { runs, ask } = setUp();
    const first = ask('all');
    const [second, third] = [ask('all'), ask('all')];
    expect(runs).toHaveLength(1);
    await runs[0]!.end();
    expect(await first).toBe('run 0');
    expect(runs).toHaveLength(2);
    const fourth = ask('all');
    expect([runs[0]!.askers(), runs[1]!.askers()]).toEqual([1, 2]);
    await runs[1]!.end();
    expect(await Promise.all([second, third])).toEqual(['run 1', 'run 1']);
    await runs[2]!.end();
    expect(await fourth).toBe('run 2');
    const later = ask('all');
    expect(runs).toHaveLength(4);
    await runs[3]!.end();
    expect(await later).toBe('run 3');
  });

  test('others wait for nobody', async () => {
    const { runs, ask } = setUp();
    const [one, other] = [ask('wx'), ask('dome')];
    await runs[1]!.end();
    expect(await other).toBe('run 1');
    await runs[0]!.end();
    expect(await one).toBe('run 0');
  });

  test('one that fails fails for those who share it, and the next one begins', async () => {
    const { runs, ask } = setUp();
    const first = ask('all');
    const refused = expect(first).rejects.toThrow('no');
    const second = ask('all');
    await runs[0]!.end(new Error('no'));
    await refused;
    await runs[1]!.end();
    expect(await second).toBe('run 1');
  });
});
