import { describe, expect, it } from 'vitest';
import { LoopTurns } from '@katbus/bus/daemon';

describe('work in turns', () => {
  it('lets others have the loop as soon as a turn has lasted long enough, whatever the pieces take', async () => {
    let nowMs = 100;
    const endedAtMs: number[] = [];
    const turns = new LoopTurns({
      mostMs: 5,
      nowMs: () => nowMs,
      nextTurn: () => {
        endedAtMs.push(nowMs);
        nowMs += 50;
        return Promise.resolve();
      },
    });
    for (const pieceMs of [1, 1, 1, 1, 1, 4, 9, 1]) {
      if (turns.isOver) await turns.next();
      nowMs += pieceMs;
    }
    expect(endedAtMs).toEqual([105, 168]);
  });

  it('really gives up the loop', async () => {
    const order: string[] = [];
    setImmediate(() => order.push('other'));
    await new LoopTurns().next();
    order.push('work');
    expect(order).toEqual(['other', 'work']);
  });
});
