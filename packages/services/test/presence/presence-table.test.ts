import type { ComponentPresence, Heartbeat } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PresenceTable } from '../../src/presence/presence-table.ts';

const EPOCH_SECONDS = 1_795_300_000;

/** A table with a clock that the test sets, and what it has told. */
function makeTable() {
  const told: ComponentPresence[] = [];
  const table = new PresenceTable((presence) => told.push(validate('componentPresence', presence)));
  let seconds = 0;
  const now = () => ({ steadyMs: 1000 * seconds, seconds: EPOCH_SECONDS + seconds });
  return {
    table,
    told,
    now,
    beat: (component: string, instance?: string, more: Partial<Heartbeat> = {}) =>
      table.beat(
        { component, time: 0, intervalSeconds: 5, ...(instance !== undefined && { instance }), ...more },
        now(),
      ),
    at: (to: number) => {
      seconds = to;
      table.checkDeadlines(now());
    },
    states: (component = 'wx') => told.filter((one) => one.component === component).map(({ state }) => state),
  };
}

describe('presence', () => {
  it('counts a component as absent after three missing heartbeats, since its last sign of life', () => {
    const { beat, at, states, table } = makeTable();
    beat('wx', 'a');
    at(5);
    beat('wx', 'a');
    at(19.9);
    expect(states()).toEqual(['present']);
    at(21.1);
    expect(states()).toEqual(['present', 'absent']);
    expect(table.get('wx')).toMatchObject({ since: EPOCH_SECONDS + 5, lastHeartbeat: EPOCH_SECONDS + 5 });
    beat('wx', 'b');
    expect(states()).toEqual(['present', 'absent', 'present']);
    expect(table.get('wx')).toMatchObject({ since: EPOCH_SECONDS + 21.1, instances: [{ instance: 'b' }] });
  });

  it('goes by the interval that the component itself tells', () => {
    const { beat, at, states } = makeTable();
    beat('wx', 'a', { intervalSeconds: 0.2 });
    at(0.5);
    expect(states()).toEqual(['present']);
    at(0.8);
    expect(states()).toEqual(['present', 'absent']);
  });

  it('knows a goodbye at once, and tells it from silence', () => {
    const { beat, at, states } = makeTable();
    beat('wx', 'a');
    at(1);
    beat('wx', 'a', { leaving: true });
    at(100);
    expect(states()).toEqual(['present', 'left']);
  });

  it('tells of two instances when both go on, not when the second follows one that was killed', () => {
    const { beat, at, states, table } = makeTable();
    beat('wx', 'killed');
    at(2);
    beat('wx', 'restarted');
    at(7);
    beat('wx', 'restarted');
    at(16.5);
    expect(states()).not.toContain('duplicate');
    beat('wx', 'restarted');
    beat('wx', 'parted');
    at(20);
    expect(states()).not.toContain('duplicate');
    beat('wx', 'restarted');
    expect(table.get('wx')).toMatchObject({
      state: 'duplicate',
      instances: [{ instance: 'restarted' }, { instance: 'parted' }],
    });
    beat('wx', 'parted', { leaving: true });
    expect(table.get('wx')).toMatchObject({ state: 'present', instances: [{ instance: 'restarted' }] });
  });

  it('understands heartbeats of clients that tell no more than their name', () => {
    const { beat, at, states, table } = makeTable();
    beat('plc');
    at(5);
    beat('plc');
    expect(states('plc')).toEqual(['present']);
    expect(table.get('plc')?.instances).toEqual([{ lastHeartbeat: EPOCH_SECONDS + 5 }]);
    at(30);
    expect(states('plc')).toEqual(['present', 'absent']);
  });

  it('takes the answer to a ping for a sign of life only of those who send no heartbeats', () => {
    const { beat, at, states, table, now } = makeTable();
    const ping = (component: string) =>
      table.beat({ component, time: now().seconds, intervalSeconds: 15 }, now(), 'ping');
    ping('quiet');
    beat('wx', 'a');
    ping('wx');
    at(22);
    expect(states('wx')).toEqual(['present', 'absent']);
    expect(states('quiet')).toEqual(['present']);
    at(50);
    expect(states('quiet')).toEqual(['present', 'absent']);
  });

  it('does not take an answer from before a goodbye for a sign of life after it', () => {
    const { beat, at, states, table, now } = makeTable();
    beat('wx', 'a');
    const asked = now().seconds;
    at(1);
    beat('wx', 'a', { leaving: true });
    table.beat({ component: 'wx', time: asked, intervalSeconds: 15, instance: 'a' }, now(), 'ping');
    expect(states()).toEqual(['present', 'left']);
  });

  it('forgets who is gone, not who is here, and knows it again when it comes back', () => {
    const { beat, at, states, table } = makeTable();
    beat('wx', 'a');
    expect(table.forget('wx', 0)?.state).toBe('present');
    at(30);
    expect(table.forget('wx', EPOCH_SECONDS + 30)).toMatchObject({
      state: 'forgotten',
      since: EPOCH_SECONDS + 30,
    });
    expect(table.forget('never', 0)).toBeUndefined();
    beat('wx', 'b');
    expect(states()).toEqual(['present', 'absent', 'forgotten', 'present']);
  });

  it('gives those that only an earlier service has heard time to show themselves', () => {
    const early = makeTable();
    early.beat('wx', 'a');
    early.beat('dome', 'd', { leaving: false });
    early.beat('old', 'o');
    early.beat('old', 'o', { leaving: true });
    const late = makeTable();
    late.at(1_000);
    for (const presence of early.table.list()) late.table.recall(presence, EPOCH_SECONDS + 1_000, 1_005_000);
    late.beat('wx', 'a');
    late.at(1_010);
    late.beat('wx', 'a');
    late.at(1_020);
    expect(late.told).toEqual([]);
    late.at(1_021.5);
    // Nobody knows when it fell silent: it was not heard from when we began to listen.
    expect(late.told).toMatchObject([{ component: 'dome', state: 'absent', since: EPOCH_SECONDS + 1_000 }]);
    expect(late.table.get('wx')).toMatchObject({ state: 'present', since: EPOCH_SECONDS });
    expect(late.table.get('old')?.state).toBe('left');
  });

  it('gives nobody up while it could not hear', () => {
    const { beat, at, states, table } = makeTable();
    beat('wx', 'a');
    table.grant(1000 * 60);
    at(60 + 15.9);
    expect(states()).toEqual(['present']);
    at(60 + 16.1);
    expect(states()).toEqual(['present', 'absent']);
  });

  it('takes up no endless names from what an earlier service is said to have told', () => {
    const { table } = makeTable();
    for (let place = 0; place < 10_050; place += 1) {
      const told = { component: `c${place}`, state: 'absent', since: EPOCH_SECONDS, instances: [] } as const;
      table.recall(told, EPOCH_SECONDS, 0);
    }
    expect(table.size).toBe(10_000);
    expect(table.refused).toBe(50);
  });

  it('takes up no endless names, nor those that are none', () => {
    const { beat, table } = makeTable();
    for (let n = 0; n < 11_000; n += 1) beat(`c${n}`, 'i');
    for (let n = 0; n < 100; n += 1) beat('c1', `i${n}`);
    beat('no token', 'i');
    expect(table.size).toBe(10_000);
    expect(table.refused).toBe(1_000);
    expect(table.get('c1')!.instances.length).toBeLessThan(20);
  });

  it('tells rightly of every sequence of heartbeats, goodbyes and silences', () => {
    const step = fc.record({
      afterSeconds: fc.constantFrom(0, 1, 5, 11, 17, 40),
      instance: fc.constantFrom('a', 'b', undefined),
      kind: fc.constantFrom('beat', 'beat', 'leave', 'nothing'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { table, told, beat, at } = makeTable();
        /** The specification: of each instance its last sign of life, and whether it came after all others had appeared. */
        const alive = new Map<string, { lastSeconds: number; isConfirmed: boolean }>();
        let seconds = 0;
        let expected: string | undefined;
        const prune = () => {
          const before = alive.size;
          for (const [key, { lastSeconds }] of alive) if (seconds >= lastSeconds + 16) alive.delete(key);
          if (before > 0 && alive.size === 0) expected = 'absent';
        };
        for (const { afterSeconds, instance, kind } of steps) {
          seconds += afterSeconds;
          at(seconds);
          prune();
          const key = instance ?? '';
          if (kind === 'beat') {
            beat('wx', instance);
            if (!alive.has(key)) for (const other of alive.values()) other.isConfirmed = false;
            alive.set(key, { lastSeconds: seconds, isConfirmed: true });
          } else if (kind === 'leave') {
            beat('wx', instance, { leaving: true });
            alive.delete(key);
            if (alive.size === 0) expected = 'left';
          }
          const confirmed = [...alive.values()].filter(({ isConfirmed }) => isConfirmed).length;
          if (alive.size > 0) expected = confirmed > 1 ? 'duplicate' : 'present';
          expect(table.get('wx')?.state).toBe(expected);
          if (expected !== undefined) expect(told.at(-1)?.state).toBe(expected);
        }
        // Nothing is told twice in a row.
        const texts = told.map((one) =>
          JSON.stringify(one, (field, value: unknown) => (field === 'lastHeartbeat' ? undefined : value)),
        );
        for (const [place, text] of texts.entries()) expect(text).not.toBe(texts[place - 1]);
      }),
    );
  });
});
