import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { everyAligned, untilNextMs } from '../src/aligned-interval.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 1_795_305_600_400 });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('an aligned interval', () => {
  it('falls on whole multiples of the wall clock, whenever it was begun', () => {
    const ticks: number[] = [];
    const stop = everyAligned(1000, () => ticks.push(Date.now()));
    vi.advanceTimersByTime(3000);
    stop();
    expect(ticks).toEqual([1_795_305_601_000, 1_795_305_602_000, 1_795_305_603_000]);
  });

  it('calls no more after the undo', () => {
    const onTick = vi.fn();
    everyAligned(1000, onTick)();
    vi.advanceTimersByTime(5000);
    expect(onTick).not.toHaveBeenCalled();
  });

  it('follows a clock that is set', () => {
    const ticks: number[] = [];
    const stop = everyAligned(1000, () => ticks.push(Date.now()));
    vi.advanceTimersByTime(600);
    vi.setSystemTime(1_795_300_000_250);
    // The timer that runs already ends where it would have; the next one is aligned to the new time.
    vi.advanceTimersByTime(1000);
    vi.advanceTimersByTime(1000);
    stop();
    expect(ticks.slice(2).every((time) => time % 1000 === 0)).toBe(true);
    expect(ticks.length).toBeGreaterThanOrEqual(3);
  });

  it('waits out the rest when a timer is early', () => {
    const ticks: number[] = [];
    const real = setTimeout;
    vi.stubGlobal('setTimeout', (act: () => void, ms: number) => real(act, ms > 2 ? ms - 1 : ms));
    const stop = everyAligned(1000, () => ticks.push(Date.now()));
    vi.advanceTimersByTime(3000);
    stop();
    vi.unstubAllGlobals();
    expect(ticks).toEqual([1_795_305_601_000, 1_795_305_602_000, 1_795_305_603_000]);
  });

  it('does not tick twice for one moment when a timer is a millisecond early', () => {
    expect(untilNextMs(1000, 5_999)).toBe(1001);
    expect(untilNextMs(1000, 6_000)).toBe(1000);
    expect(untilNextMs(1000, 6_300)).toBe(700);
  });
});
