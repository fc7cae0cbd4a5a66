import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimerWheel, type WheelEntry } from '../../src/throttle/timer-wheel.ts';

class Entry implements WheelEntry {
  deadlineUs: number;
  wheelSlot = -1;
  wheelNext: WheelEntry | undefined;
  wheelPrevious: WheelEntry | undefined;
  readonly expiredAtUs: number[] = [];

  constructor(deadlineUs: number) {
    this.deadlineUs = deadlineUs;
  }

  expire(nowUs: number): void {
    this.expiredAtUs.push(nowUs);
    this.deadlineUs = Infinity;
  }
}

const nowUs = () => performance.now() * 1000;
const MILLISECOND = 1000;

describe('the timer wheel', () => {
  let wheel: TimerWheel;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
    wheel = new TimerWheel(nowUs);
  });

  afterEach(() => {
    wheel.stop();
    vi.useRealTimers();
  });

  it('calls each entry once, not before its deadline and at most 11 ms after', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30_000_000 }), { minLength: 1, maxLength: 50 }),
        (delays) => {
          const start = nowUs();
          const entries = delays.map((delay) => new Entry(start + delay));
          for (const entry of entries) wheel.schedule(entry);
          vi.advanceTimersByTime(31_000);
          for (const [place, entry] of entries.entries()) {
            expect(entry.expiredAtUs).toHaveLength(1);
            const lateUs = (entry.expiredAtUs[0] ?? 0) - (start + (delays[place] ?? 0));
            expect(lateUs).toBeGreaterThanOrEqual(0);
            expect(lateUs).toBeLessThanOrEqual(11 * MILLISECOND);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('follows deadlines that move, later or earlier, and forgets those that go away', () => {
    const later = new Entry(nowUs() + 50 * MILLISECOND);
    const earlier = new Entry(nowUs() + 5_000 * MILLISECOND);
    const gone = new Entry(nowUs() + 50 * MILLISECOND);
    for (const entry of [later, earlier, gone]) wheel.schedule(entry);
    later.deadlineUs += 1_000 * MILLISECOND;
    earlier.deadlineUs = nowUs() + 100 * MILLISECOND;
    gone.deadlineUs = Infinity;
    for (const entry of [later, earlier, gone]) wheel.schedule(entry);
    vi.advanceTimersByTime(120);
    expect([later, earlier, gone].map((entry) => entry.expiredAtUs.length)).toEqual([0, 1, 0]);
    vi.advanceTimersByTime(1_000);
    expect([later, earlier, gone].map((entry) => entry.expiredAtUs.length)).toEqual([1, 1, 0]);
  });

  it('meets deadlines far beyond one turn', () => {
    const entry = new Entry(nowUs() + 3_600_000 * MILLISECOND);
    wheel.schedule(entry);
    vi.advanceTimersByTime(3_599_000);
    expect(entry.expiredAtUs).toHaveLength(0);
    vi.advanceTimersByTime(1_020);
    expect(entry.expiredAtUs).toHaveLength(1);
  });

  it('leaves out an entry that was removed, and calls nobody once stopped', () => {
    const removed = new Entry(nowUs() + 20 * MILLISECOND);
    const stopped = new Entry(nowUs() + 60 * MILLISECOND);
    wheel.schedule(removed);
    wheel.schedule(stopped);
    wheel.remove(removed);
    vi.advanceTimersByTime(40);
    wheel.stop();
    wheel.schedule(new Entry(nowUs()));
    vi.advanceTimersByTime(1_000);
    expect([...removed.expiredAtUs, ...stopped.expiredAtUs]).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('meets the deadlines of a slot also when one entry moves or removes another of it', () => {
    const start = nowUs();
    const entries = Array.from({ length: 20 }, () => new Entry(start + 50 * MILLISECOND));
    const [first, moved, removed] = entries as [Entry, Entry, Entry, ...Entry[]];
    first.expire = (now) => {
      Entry.prototype.expire.call(first, now);
      moved.deadlineUs = start + 5_000 * MILLISECOND;
      wheel.remove(moved);
      wheel.schedule(moved);
      wheel.remove(removed);
    };
    for (const entry of entries) wheel.schedule(entry);
    vi.advanceTimersByTime(70);
    expect(entries.filter((entry) => entry.expiredAtUs.length === 1)).toHaveLength(18);
    vi.advanceTimersByTime(5_000);
    expect(moved.expiredAtUs).toHaveLength(1);
    expect(removed.expiredAtUs).toHaveLength(0);
  });

  it('sleeps while nothing is due soon', () => {
    const schedule = vi.spyOn(globalThis, 'setTimeout');
    wheel.schedule(new Entry(nowUs() + 9_000 * MILLISECOND));
    vi.advanceTimersByTime(8_900);
    expect(schedule.mock.calls.length).toBeLessThan(3);
  });
});
