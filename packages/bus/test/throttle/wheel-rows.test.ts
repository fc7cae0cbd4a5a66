import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TimerWheel } from '../../src/throttle/timer-wheel.ts';
import { WheelRows } from '../../src/throttle/wheel-rows.ts';

const SENSORS = 200_000;
const SECOND_US = 1_000_000;
const nowUs = () => performance.now() * 1000;

describe('one timer wheel for 200,000 sensors', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('calls each at its deadline, with one timer of Node, and those whose deadlines move at the last one', () => {
    const start = nowUs();
    const deadlines = Float64Array.from(
      { length: SENSORS },
      (_, row) => start + ((row * 7919) % 30_000) * 1000,
    );
    const called = new Uint8Array(SENSORS);
    let latestUs = 0;
    const rows = new WheelRows({
      deadlineUs: (row) => deadlines[row]!,
      expire: (row) => {
        latestUs = Math.max(latestUs, nowUs() - deadlines[row]!);
        called[row]! += 1;
        deadlines[row] = Infinity;
      },
    });
    const wheel = new TimerWheel(nowUs, rows);
    for (let row = 0; row < SENSORS; row += 1) wheel.schedule(row);
    expect(vi.getTimerCount()).toBe(1);
    for (let row = 0; row < SENSORS; row += 10) {
      deadlines[row] = start + 40 * SECOND_US;
      wheel.schedule(row);
    }
    vi.advanceTimersByTime(31_000);
    expect(called.reduce((sum, each) => sum + each, 0)).toBe(SENSORS - SENSORS / 10);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(10_000);
    expect(called.every((each) => each === 1)).toBe(true);
    expect(latestUs).toBeLessThanOrEqual(11_000);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not take the loop for long when all are due together, and forgets none', () => {
    let clockUs = 0;
    const called = new Uint8Array(SENSORS);
    let callsOfTurn = 0;
    let mostCalls = 0;
    const rows = new WheelRows({
      deadlineUs: (row) => (called[row] === 0 ? SECOND_US : Infinity),
      expire: (row) => {
        called[row]! += 1;
        callsOfTurn += 1;
        clockUs += 4; // what publishing a sample takes
        mostCalls = Math.max(mostCalls, callsOfTurn);
      },
    });
    const wheel = new TimerWheel(() => clockUs, rows);
    for (let row = 0; row < SENSORS; row += 1) wheel.schedule(row);
    clockUs = SECOND_US;
    vi.advanceTimersToNextTimer();
    for (let turn = 0; turn < SENSORS && vi.getTimerCount() > 0; turn += 1) {
      callsOfTurn = 0;
      vi.advanceTimersToNextTimer();
    }
    expect(called.every((each) => each === 1)).toBe(true);
    expect(mostCalls * 4).toBeLessThan(6_000);
  });

  it('ends for good when one that is called stops it', () => {
    const rows: WheelRows = new WheelRows({ deadlineUs: () => nowUs(), expire: () => wheel.stop() });
    const wheel = new TimerWheel(nowUs, rows);
    for (let row = 0; row < 10; row += 1) wheel.schedule(row);
    vi.advanceTimersByTime(100);
    expect(vi.getTimerCount()).toBe(0);
  });
});
