import {
  strategyRule,
  type SamplingRule,
  type SamplingStrategy,
  type Status,
  type Update,
} from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StrategyRun } from '../../../src/delivery/strategies/strategy-run.ts';

/** What was given, when, and whether it had been given before: times in milliseconds. */
interface Given {
  readonly atMs: number;
  readonly number: number;
  readonly isRepeat: boolean;
}

interface Published extends Update {
  readonly atMs: number;
  readonly number: number;
}

/** Of one sensor, faster changes of status are held so long. */
const STATUS_SPACING_MS = 100;

/**
 * The strategies once more, from the words of PROTOCOL.md and as simple as can be: each millisecond it looks whether something is to be given.
 * No deadlines, no state but what was given and what is newest.
 */
function naive(strategy: SamplingStrategy, stream: readonly Published[], endMs: number): Given[] {
  const all: Given[] = [];
  const minMs =
    'minSeconds' in strategy
      ? strategy.minSeconds * 1000
      : strategy.name === 'period'
        ? strategy.periodSeconds * 1000
        : 0;
  const maxMs =
    'maxSeconds' in strategy
      ? strategy.maxSeconds * 1000
      : strategy.name === 'period'
        ? strategy.periodSeconds * 1000
        : 0;
  const difference = 'difference' in strategy ? strategy.difference : 0;
  let last: Published | undefined;
  let lastMs = 0;
  let statusMs = -Infinity;
  let newest: Published | undefined;
  /** Whether the newest says something else than the last one given: under `period` each new one does. */
  let isNews = false;
  const give = (atMs: number, isRepeat: boolean) => {
    if (newest === undefined) return;
    if (last !== undefined && newest.status !== last.status) statusMs = atMs;
    all.push({ atMs, number: newest.number, isRepeat });
    last = newest;
    lastMs = atMs;
    isNews = false;
  };
  let place = 0;
  for (let nowMs = 0; nowMs <= endMs; nowMs += 1) {
    const isStatus = () => last !== undefined && newest !== undefined && newest.status !== last.status;
    const isOpen = () => (isStatus() ? nowMs - statusMs >= STATUS_SPACING_MS : nowMs - lastMs >= minMs);
    // What was held is due before what comes in the same instant.
    const isSilent = last !== undefined && maxMs > 0 && nowMs - lastMs >= maxMs;
    if (last !== undefined && ((isNews && isOpen()) || isSilent)) give(nowMs, newest === last);
    for (; stream[place]?.atMs === nowMs; place += 1) {
      newest = stream[place];
      if (newest === undefined) break;
      if (last === undefined) {
        give(nowMs, false);
        continue;
      }
      isNews =
        newest.status !== last.status ||
        strategy.name === 'period' ||
        Math.abs(Number(newest.value) - Number(last.value)) > difference;
      if (isNews && isOpen()) give(nowMs, false);
    }
  }
  return all;
}

function run(rule: SamplingRule, stream: readonly Published[], endMs: number): Given[] {
  const all: Given[] = [];
  const machine = new StrategyRun<Published>(rule);
  let newest: Published | undefined;
  const expireUntil = (nowMs: number) => {
    while (machine.deadlineUs <= nowMs * 1000 && newest !== undefined) {
      const atUs = machine.deadlineUs;
      const due = machine.expire(atUs, newest);
      if (due === undefined) throw new Error('a deadline that is none');
      all.push({ atMs: atUs / 1000, number: newest.number, isRepeat: due === 'repeat' });
    }
  };
  for (const published of stream) {
    expireUntil(published.atMs);
    newest = published;
    if (machine.offer(published.atMs * 1000, published))
      all.push({ atMs: published.atMs, number: published.number, isRepeat: false });
  }
  expireUntil(endMs);
  return all;
}

const streams = fc
  .array(
    fc.record({
      waitMs: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 700 })),
      value: fc.integer({ min: 0, max: 6 }),
      status: fc.constantFrom<Status>('nominal', 'nominal', 'nominal', 'nominal', 'warn', 'error'),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let atMs = 0;
    return steps.map(({ waitMs, value, status }, number): Published => {
      atMs += waitMs;
      return { atMs, number, value, status, valueTimeUs: atMs * 1000 };
    });
  });

const strategies: fc.Arbitrary<SamplingStrategy> = fc.oneof(
  fc.constant<SamplingStrategy>({ name: 'event' }),
  fc.integer({ min: 10, max: 900 }).map((ms) => ({ name: 'period' as const, periodSeconds: ms / 1000 })),
  fc.integer({ min: 0, max: 4 }).map((difference) => ({ name: 'differential' as const, difference })),
  fc
    .record({
      minMs: fc.integer({ min: 0, max: 400 }),
      beyondMs: fc.option(fc.integer({ min: 10, max: 900 })),
      difference: fc.integer({ min: 0, max: 4 }),
      name: fc.constantFrom('event-rate' as const, 'differential-rate' as const),
    })
    .map(({ minMs, beyondMs, difference, name }): SamplingStrategy => {
      const times = {
        minSeconds: minMs / 1000,
        maxSeconds: beyondMs === null ? 0 : (minMs + beyondMs) / 1000,
      };
      return name === 'event-rate' ? { name, ...times } : { name, difference, ...times };
    }),
);

describe('a sampling strategy', () => {
  test('gives what its words say, on random streams', () => {
    fc.assert(
      fc.property(strategies, streams, (strategy, stream) => {
        const rule = strategyRule(strategy);
        if (typeof rule === 'string') throw new Error('no rule');
        const endMs = (stream.at(-1)?.atMs ?? 0) + 2_000;
        expect(run(rule, stream, endMs)).toEqual(naive(strategy, stream, endMs));
      }),
      { numRuns: 3_000 },
    );
  }, 60_000);

  const published = (atMs: number, number: number, value: Update['value'], status: Status = 'nominal') => ({
    atMs,
    number,
    value,
    status,
    valueTimeUs: 0,
  });
  const given = (strategy: SamplingStrategy, ...stream: Published[]) => {
    const rule = strategyRule(strategy);
    if (typeof rule === 'string') throw new Error('no rule');
    return run(rule, stream, 2_500).map(
      ({ atMs, number, isRepeat }) => `${number}@${atMs}${isRepeat ? ' again' : ''}`,
    );
  };

  test('event: a change of value or of status, and nothing that says the same again', () => {
    const stream = [
      published(0, 0, 1),
      published(10, 1, 1),
      published(20, 2, 2),
      published(300, 3, 2, 'warn'),
      published(310, 4, 2, 'warn'),
    ];
    expect(given({ name: 'event' }, ...stream)).toEqual(['0@0', '2@20', '3@300']);
  });

  test('event: NaN is NaN, an array changes with any element, text and truth by what they are', () => {
    const changes = (...values: Update['value'][]) =>
      given({ name: 'event' }, ...values.map((value, place) => published(place, place, value))).length;
    expect(changes('NaN', 'NaN', 3, 'NaN')).toBe(3);
    expect(changes([1, 2], [1, 2], [1, 3])).toBe(2);
    expect(changes('idle', 'idle', 'slew')).toBe(2);
    expect(changes(true, true, false)).toBe(2);
  });

  test('period: the newest one each period, and again when there is none', () => {
    expect(
      given(
        { name: 'period', periodSeconds: 1 },
        published(0, 0, 1),
        published(200, 1, 2),
        published(300, 2, 3),
      ),
    ).toEqual(['0@0', '2@1000', '2@2000 again']);
  });

  test('event-rate: not sooner than the shortest time, and after the longest the newest, changed or not', () => {
    const strategy = { name: 'event-rate', minSeconds: 0.5, maxSeconds: 1 } as const;
    expect(
      given(strategy, published(0, 0, 1), published(100, 1, 2), published(200, 2, 3), published(700, 3, 3)),
    ).toEqual(['0@0', '2@500', '3@1500', '3@2500 again']);
  });

  test('event-rate: a value that is back at the last one given cancels what was held', () => {
    const strategy = { name: 'event-rate', minSeconds: 0.5, maxSeconds: 0 } as const;
    expect(given(strategy, published(0, 0, 1), published(100, 1, 2), published(200, 2, 1))).toEqual(['0@0']);
  });

  test('differential: more than the difference from the last one given, also in small steps', () => {
    const stream = [1, 1.4, 1.8, 2.1, 2.5].map((value, place) => published(place, place, value));
    expect(given({ name: 'differential', difference: 1 }, ...stream)).toEqual(['0@0', '3@3']);
  });

  test('differential-rate: after the longest time the newest comes, though it lies within the difference', () => {
    const strategy = { name: 'differential-rate', difference: 1, minSeconds: 0.1, maxSeconds: 1 } as const;
    expect(given(strategy, published(0, 0, 1), published(200, 1, 1.5))).toEqual([
      '0@0',
      '1@1000',
      '1@2000 again',
    ]);
  });

  test('a change of status comes at once, whatever interval runs; at most ten a second', () => {
    const strategy = { name: 'event-rate', minSeconds: 60, maxSeconds: 0 } as const;
    const stream = [
      published(0, 0, 1),
      published(10, 1, 1, 'warn'),
      published(20, 2, 1, 'error'),
      published(30, 3, 1, 'failure'),
    ];
    expect(given(strategy, ...stream)).toEqual(['0@0', '1@10', '3@110']);
  });
});
