import { afterEach, describe, expect, test } from 'vitest';
import { ExpressionWorker } from '../../src/filters/expression-worker.ts';

const HANGS = '^(a+)+$(?!x)';
const VICTIM = `${'a'.repeat(60)}!`;

describe('expressions in a thread of their own', () => {
  const workers: ExpressionWorker[] = [];
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.close();
  });
  function worker(budgetMs = 5_000, mostWaiting = 10): ExpressionWorker {
    const made = new ExpressionWorker(budgetMs, mostWaiting);
    workers.push(made);
    return made;
  }
  const run = (expressions: ExpressionWorker, source: string, ...texts: string[]) =>
    expressions.matches(source, texts, expressions.newBudget()).then((matches) => [...matches]);

  test('say which texts match', async () => {
    const expressions = worker();
    expect(await run(expressions, '^(?!agg_).*wind', 'wx_wind', 'agg_wind', 'wx_rain')).toEqual([1, 0, 0]);
    expect(await run(expressions, '(.)\\1', 'abba', 'abab')).toEqual([1, 0]);
    expect(await run(expressions, '(?!x)', ...[])).toEqual([]);
  });

  test('are ended when they take too long, naming the field, and others go on in a new thread', async () => {
    const expressions = worker(100);
    const slow = run(expressions, HANGS, VICTIM);
    const next = run(expressions, '(?!x)a', 'a');
    await expect(slow).rejects.toMatchObject({ code: 'invalidParams', field: 'filter' });
    await expect(slow).rejects.toThrow('takes longer than 100 ms');
    expect(await next).toEqual([1]);
    expect(expressions.kills).toBe(1);
  });

  test('share one budget over all batches of a filter', async () => {
    const expressions = worker(200);
    const budget = expressions.newBudget();
    await expressions.matches('(?!x)a', ['a'], budget);
    expect(budget.leftMs).toBeLessThan(200.01);
    await expressions.matches('(?!x)a', Array<string>(10_000).fill('a'), budget);
    // Each name adds what it may take, which is more than it does.
    expect(budget.leftMs).toBeGreaterThan(200);
    await expect(expressions.matches(HANGS, [VICTIM], budget)).rejects.toThrow('longer');
    await expect(expressions.matches('(?!x)a', ['a'], budget)).rejects.toThrow('longer');
    expect(expressions.kills).toBe(1);
  });

  test('leave the loop of the portal alone meanwhile', async () => {
    const expressions = worker(300);
    let turns = 0;
    let isOver = false;
    const counting = (async () => {
      for (; !isOver; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    })();
    await expect(run(expressions, HANGS, VICTIM)).rejects.toThrow('longer');
    isOver = true;
    await counting;
    expect(turns).toBeGreaterThan(100);
  });

  test('are refused when too many wait', async () => {
    const expressions = worker(5_000, 2);
    const all = ['a', 'b', 'c'].map((text) => run(expressions, '(?!x)', text));
    await expect(all[2]).rejects.toMatchObject({ code: 'busy' });
    expect(await all[0]).toEqual([1]);
    expect(await all[1]).toEqual([1]);
  });

  test('say what is wrong with one that is none, and go on', async () => {
    const expressions = worker();
    await expect(run(expressions, '(', 'a')).rejects.toMatchObject({
      code: 'invalidParams',
      field: 'filter',
    });
    expect(await run(expressions, 'a', 'a')).toEqual([1]);
  });

  test('end with their worker', async () => {
    const expressions = worker();
    const waiting = expect(run(expressions, HANGS, VICTIM)).rejects.toMatchObject({ code: 'unavailable' });
    await expressions.close();
    await waiting;
    await expect(run(expressions, 'a', 'a')).rejects.toMatchObject({ code: 'busy' });
  });
});
