import { describe, expect, test } from 'vitest';
import { BootMarks } from '../../../../src/backend/cassandra/session/boot-marks.ts';

class Cluster {
  nowMs = 1_000;
  readonly boots = new Map<string, number | undefined>([
    ['a', 17],
    ['b', 20],
  ]);
  readonly marks = new BootMarks(
    (node) => Promise.resolve(this.boots.get(node)),
    () => this.nowMs,
  );

  check(nowMs: number): ReturnType<BootMarks['check']> {
    this.nowMs = nowMs;
    return this.marks.check(['a', 'b']);
  }
}

describe('boot marks', () => {
  test('say nothing of nodes that are seen first, nor while they live on', async () => {
    const cluster = new Cluster();
    expect(await cluster.check(1_000)).toEqual([]);
    expect(await cluster.check(11_000)).toEqual([]);
  });

  test('name the node that was booted anew, once, and when it was last seen before', async () => {
    const cluster = new Cluster();
    await cluster.check(1_000);
    await cluster.check(11_000);
    cluster.boots.set('b', 25);
    expect(await cluster.check(21_000)).toEqual([{ node: 'b', knownUntilMs: 11_000 }]);
    expect(await cluster.check(31_000)).toEqual([]);
  });

  test('remember a node while it does not answer', async () => {
    const cluster = new Cluster();
    await cluster.check(1_000);
    cluster.boots.set('a', undefined);
    expect(await cluster.check(11_000)).toEqual([]);
    cluster.boots.set('a', 18);
    expect(await cluster.check(90_000)).toEqual([{ node: 'a', knownUntilMs: 1_000 }]);
  });

  test('are asked for one after the other, so that an answer that was late says nothing wrong', async () => {
    const answers: ((boot: number) => void)[] = [];
    let nowMs = 1;
    const marks = new BootMarks(
      () => new Promise((resolve) => answers.push(resolve)),
      () => nowMs,
    );
    const first = marks.check(['a']);
    const second = marks.check(['a']);
    await Promise.resolve();
    expect(answers).toHaveLength(1);
    answers[0]!(17);
    expect(await first).toEqual([]);
    nowMs = 2;
    await Promise.resolve();
    answers[1]!(18);
    expect(await second).toEqual([{ node: 'a', knownUntilMs: 1 }]);
  });
});
