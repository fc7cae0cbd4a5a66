import { CLOCK_STEP_BACK_US, toMicroseconds } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SampleClock } from '../src/sample-clock.ts';

/** A clock that a test sets. */
function settableClock(us: number) {
  const wall = { us };
  const epochs: number[] = [];
  const clock = new SampleClock(() => wall.us);
  clock.onSetBack = () => epochs.push(clock.epoch ?? NaN);
  return { wall, clock, epochs };
}

describe('the clock of samples', () => {
  it('waits for a clock that is set back by up to a second', () => {
    const { wall, clock } = settableClock(50_000_000);
    const first = clock.next(0);
    wall.us -= CLOCK_STEP_BACK_US;
    expect(clock.next(first)).toBe(first + 1);
    expect(clock.setBackCount).toBe(0);
    expect(clock.epoch).toBeUndefined();
  });

  it('follows a clock that is set back by more, in a new epoch that begins before the sample, once for all sensors', () => {
    const { wall, clock, epochs } = settableClock(50_000_000);
    const [a, b] = [clock.next(0), clock.next(0)];
    wall.us = 20_000_000;
    expect(clock.next(a)).toBe(20_000_000);
    expect(clock.next(b)).toBe(20_000_000);
    expect(epochs).toEqual([20]);
    expect(clock.setBackCount).toBe(1);
  });

  it('goes on in the epoch of the process before, and never back behind that one’s last sample', () => {
    const { wall, clock } = settableClock(50_000_000);
    clock.resume({ epoch: 12.5, lastUs: 50_400_000 });
    expect(clock.epoch).toBe(12.5);
    expect(clock.next(0)).toBe(50_400_001);
    wall.us = 50_500_000;
    expect(clock.next(0)).toBe(50_500_000);
    expect(clock.setBackCount).toBe(0);
  });

  it('begins an epoch when the clock was set back while no process ran, however late the last epoch began', () => {
    const { clock, epochs } = settableClock(50_000_000);
    clock.resume({ epoch: 80, lastUs: 100_000_000 });
    expect(epochs).toEqual([50]);
    expect(clock.next(0)).toBe(50_000_000);
  });

  it('gives two epochs two names, though they begin at one time', () => {
    const { wall, clock, epochs } = settableClock(90_000_000);
    clock.next(0);
    for (const us of [20_000_000, 90_000_000, 20_000_000]) {
      wall.us = us;
      clock.next(0);
    }
    expect(epochs).toEqual([20, 20.000001]);
  });

  it('keeps the order of each sensor within an epoch, and stays within a second of the clock, however that is set', () => {
    const step = fc.record({
      sensor: fc.nat(3),
      moveUs: fc.oneof(fc.integer({ min: 0, max: 2_000 }), fc.integer({ min: -5_000_000, max: 5_000_000 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { wall, clock, epochs } = settableClock(1_700_000_000_000_000);
        const last = new Map<number, { timeUs: number; epoch: number | undefined }>();
        let highUs = -Infinity;
        let setBacks = 0;
        for (const { sensor, moveUs } of steps) {
          wall.us += moveUs;
          // The specification, told once more: an epoch ends when the clock is over a second behind where it has been in it.
          if (highUs - wall.us > CLOCK_STEP_BACK_US) {
            setBacks += 1;
            highUs = wall.us;
          }
          highUs = Math.max(highUs, wall.us);
          const before = last.get(sensor);
          const timeUs = clock.next(before?.timeUs ?? 0);
          expect(timeUs).toBeGreaterThanOrEqual(wall.us);
          // A microsecond each for samples that wait for the clock.
          expect(timeUs - wall.us).toBeLessThanOrEqual(CLOCK_STEP_BACK_US + steps.length);
          if (before?.epoch === clock.epoch && before !== undefined)
            expect(timeUs).toBeGreaterThan(before.timeUs);
          last.set(sensor, { timeUs, epoch: clock.epoch });
        }
        expect(clock.setBackCount).toBe(setBacks);
        expect(epochs).toHaveLength(setBacks);
        if (epochs.length > 0) expect(Math.abs(toMicroseconds(epochs.at(-1)!) - wall.us)).toBeLessThan(1e9);
      }),
    );
  });
});
