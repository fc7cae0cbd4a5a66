import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PublishingLane, type LaneBounds, type LaneEvent } from '../../src/nats/publishing-lane.ts';

/** A stream that behaves as it is told, because a real one cannot be made to lose this answer and delay that one. */
class FakeStream {
  readonly stored: { number: number; resend: string | undefined }[] = [];
  readonly plain: number[] = [];
  readonly events: LaneEvent[] = [];
  mode: 'acknowledge' | 'refuse' | 'fail' | 'store-in-silence' | 'silent' | 'late' = 'acknowledge';
  late: string[] = [];
  readonly lane: PublishingLane;
  #answers: (() => void)[] = [];
  #order = 0;

  constructor(bounds: Partial<LaneBounds>) {
    this.lane = new PublishingLane(
      {
        window: 8,
        windowBytes: 1_000,
        mostMessages: 20,
        mostBytes: 10_000,
        ackTimeoutMs: 1_000,
        whileStalled: 'keep',
        patienceMs: 0,
        ...bounds,
      },
      {
        send: (_subject, payload, reply, resend) => this.#take(Number(payload), reply, resend),
        tell: (event) => this.events.push(event),
        progressed: () => undefined,
        nextOrder: () => (this.#order += 1),
        isItsTurn: () => true,
        gaveWay: () => undefined,
        nowMs: () => performance.now(),
      },
    );
  }

  publish(number: number, precious = false): void {
    this.lane.publish('subject', String(number), 10, precious, '1');
  }

  /** Gives the answers that are on their way. */
  answer(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  #take(number: number, reply: string | undefined, resend: string | undefined): string | undefined {
    if (reply === undefined) {
      this.plain.push(number);
      return undefined;
    }
    const { mode } = this;
    if (mode === 'silent') return undefined;
    if (mode === 'fail') {
      this.#answers.push(() => {
        this.lane.answered(reply, { type: 'unavailable', reason: 'full' });
      });
      return undefined;
    }
    if (mode === 'refuse') {
      this.#answers.push(() => {
        this.lane.answered(reply, { type: 'refused', reason: 'sealed' });
      });
      return undefined;
    }
    this.stored.push({ number, resend });
    if (mode === 'late') this.late.push(reply);
    if (mode === 'acknowledge') {
      this.#answers.push(() => {
        this.lane.answered(reply, { type: 'stored' });
      });
    }
    return undefined;
  }
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Lets time pass with the stream as it should be, until nothing is pending. */
function heal(stream: FakeStream): void {
  stream.mode = 'acknowledge';
  stream.lane.reconnected();
  for (let turn = 0; turn < 1_000 && stream.lane.pending > 0; turn += 1) {
    stream.answer();
    vi.advanceTimersByTime(100);
    stream.lane.checkTimeout();
  }
}

describe('a lane', () => {
  test('keeps its memory bounded through an outage of any length, with a change of status at its head', () => {
    const stream = new FakeStream({ mostMessages: 100 });
    stream.lane.disconnected();
    stream.publish(0, true);
    const before = heapBytes();
    for (let number = 1; number <= 1_000_000; number += 1) stream.publish(number);
    expect(stream.lane.pending).toBe(100);
    stream.events.length = 0;
    expect(heapBytes() - before).toBeLessThan(5e6);
    heal(stream);
    expect(stream.stored.map(({ number }) => number)).toEqual([
      0,
      ...Array.from({ length: 99 }, (_, i) => 1_000_000 - 98 + i),
    ]);
  });

  test('does not send again what a slow stream acknowledges late', () => {
    const stream = new FakeStream({ window: 100 });
    stream.mode = 'late';
    for (let number = 0; number < 20; number += 1) stream.publish(number);
    vi.advanceTimersByTime(1_500);
    stream.lane.checkTimeout();
    expect(stream.events).toMatchObject([{ type: 'stalled', reason: 'no answer' }]);
    for (const reply of stream.late) stream.lane.answered(reply, { type: 'stored' });
    vi.advanceTimersByTime(1_000);
    expect(stream.lane.counters).toMatchObject({ acknowledged: 20, resent: 0 });
    expect(stream.events.at(-1)).toEqual({ type: 'flowing', resent: 0 });
  });

  test('asks a failing stream with growing pauses, by one message at a time', () => {
    const stream = new FakeStream({});
    stream.mode = 'fail';
    for (let number = 0; number < 8; number += 1) stream.publish(number);
    for (let ms = 0; ms < 60_000; ms += 10) {
      stream.answer();
      vi.advanceTimersByTime(10);
      stream.lane.checkTimeout();
    }
    expect(stream.lane.counters.resent).toBeGreaterThan(10);
    expect(stream.lane.counters.resent).toBeLessThan(25);
    expect(stream.events.filter(({ type }) => type === 'stalled')).toHaveLength(1);
  });

  test('holds new messages back until what was under way is sent again, unless they go out plain', () => {
    for (const whileStalled of ['keep', 'send-plain'] as const) {
      const stream = new FakeStream({ whileStalled });
      stream.mode = 'silent';
      stream.publish(1);
      stream.publish(2);
      vi.advanceTimersByTime(1_500);
      stream.lane.checkTimeout();
      stream.publish(3);
      expect(stream.plain).toEqual(whileStalled === 'keep' ? [] : [3]);
      heal(stream);
      const expected = whileStalled === 'keep' ? [1, 1, 2, 3] : [1, 1, 2];
      // 1 was the probe, and is acknowledged before the others are sent.
      expect(stream.stored.map(({ number }) => number)).toEqual(expected.slice(1));
      expect(stream.stored.every(({ resend }) => resend !== undefined)).toBe(true);
    }
  });

  test('bounds what is under way by bytes as well', () => {
    const stream = new FakeStream({ windowBytes: 30 });
    stream.mode = 'silent';
    for (let number = 0; number < 10; number += 1) stream.publish(number);
    stream.mode = 'acknowledge';
    expect(stream.lane.pending).toBe(10);
    stream.lane.disconnected();
    stream.lane.reconnected();
    expect(stream.stored.map(({ number }) => number)).toEqual([0, 1, 2]);
    heal(stream);
    expect(stream.stored.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });
});

test('under random trouble nothing is lost uncounted, stored unacknowledged, or out of order without a mark', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('publish'), precious: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('answer') }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('wait'), ms: fc.integer({ min: 1, max: 3_000 }) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        type: fc.constant('mode'),
        mode: fc.constantFrom('acknowledge', 'fail', 'refuse', 'store-in-silence', 'silent'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constantFrom('disconnect', 'reconnect') }) },
  );
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 5, maxLength: 120 }),
      fc.constantFrom('keep', 'send-plain'),
      (steps, whileStalled) => {
        const stream = new FakeStream({ whileStalled, window: 4, mostMessages: 9 });
        const { lane } = stream;
        let published = 0;
        for (const each of steps as Record<string, unknown>[]) {
          if (each.type === 'publish') stream.publish((published += 1), each.precious === true);
          else if (each.type === 'answer') stream.answer();
          else if (each.type === 'mode') stream.mode = each.mode as FakeStream['mode'];
          else if (each.type === 'wait') vi.advanceTimersByTime(each.ms as number);
          else if (each.type === 'disconnect') lane.disconnected();
          else lane.reconnected();
          lane.checkTimeout();
          const { acknowledged, plain, dropped, refused } = lane.counters;
          expect(acknowledged + plain + dropped + refused + lane.pending).toBe(published);
          expect(lane.pending).toBeLessThanOrEqual(9);
        }
        heal(stream);
        expect(lane.pending).toBe(0);
        const { acknowledged, plain, dropped, refused } = lane.counters;
        expect(acknowledged + plain + dropped + refused).toBe(published);
        const distinct = new Set(stream.stored.map(({ number }) => number));
        expect(distinct.size).toBeGreaterThanOrEqual(acknowledged);
        expect(distinct.size).toBeLessThanOrEqual(acknowledged + refused);
        let newest = 0;
        for (const { number, resend } of stream.stored) {
          if (!resend) expect(number).toBeGreaterThan(newest);
          newest = Math.max(newest, number);
        }
        lane.close();
      },
    ),
    { numRuns: 500 },
  );
});
