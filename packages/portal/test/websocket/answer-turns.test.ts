import { describe, expect, test } from 'vitest';
import { AnswerTurns } from '../../src/websocket/answer-turns.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

function work(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

describe('turns of answers', () => {
  test('all who ask have theirs, one after the other', async () => {
    const turns = new AnswerTurns();
    const written: string[] = [];
    const write = (name: string, left: number) => {
      written.push(name);
      if (left > 1) turns.ask(() => write(name, left - 1));
    };
    for (const name of ['a', 'b', 'c']) turns.ask(() => write(name, 3));
    expect(written).toEqual([]);
    while (written.length < 9) await nextTurn();
    expect(written.join('')).toBe('abcabcabc');
  });

  test('leave the loop to others when they have taken their time', async () => {
    const turns = new AnswerTurns();
    let written = 0;
    let others = 0;
    for (let count = 0; count < 20; count += 1)
      turns.ask(() => {
        work(1.5);
        written += 1;
      });
    for (; written < 20; others += 1) await nextTurn();
    // Two of them are as long as a turn may be.
    expect(others).toBeGreaterThanOrEqual(10);
  });
});
