import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Axis, type AxisLimits } from '../../src/telescope/axis.ts';

const LIMITS: AxisLimits = { lowest: -185, highest: 275, rate: 2, acceleration: 1 };
const STEP = 0.1;
const ROUNDING = 1e-9;

describe('an axis', () => {
  it('never turns faster, never speeds up more, and never goes further than it can, wherever it is sent', () => {
    const command = fc.record({
      target: fc.double({ min: -400, max: 500, noNaN: true }),
      rate: fc.double({ min: -1, max: 1, noNaN: true }),
      steps: fc.integer({ min: 1, max: 600 }),
      halts: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 6 }), (commands) => {
        const axis = new Axis(LIMITS, 0);
        for (const { target, rate, steps, halts } of commands) {
          for (let step = 0; step < steps; step += 1) {
            const before = { position: axis.position, rate: axis.rate };
            if (halts) axis.halt(STEP);
            else axis.follow(STEP, target, rate);
            const holds =
              Math.abs(axis.rate) <= LIMITS.rate + ROUNDING &&
              Math.abs(axis.position - before.position) <= LIMITS.rate * STEP + ROUNDING &&
              Math.abs(axis.acceleration) <= LIMITS.acceleration + ROUNDING &&
              axis.position >= LIMITS.lowest &&
              axis.position <= LIMITS.highest;
            if (!holds) expect.fail(JSON.stringify({ before, position: axis.position, rate: axis.rate }));
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('arrives about as soon as rate and acceleration allow, and does not swing beyond', () => {
    const axis = new Axis(LIMITS, 0);
    let furthest = 0;
    let seconds = 0;
    while (Math.abs(axis.position - 100) > 0.001 && seconds < 200) {
      axis.follow(STEP, 100, 0);
      furthest = Math.max(furthest, axis.position);
      seconds += STEP;
    }
    expect(seconds).toBeLessThan(60); // 50 s at full rate and some to start and stop
    expect(furthest).toBeLessThan(100.01);
  });

  it('follows a source that moves without staying behind', () => {
    const axis = new Axis(LIMITS, 10);
    for (let step = 1; step <= 600; step += 1) axis.follow(STEP, 10 + step * STEP * 0.01, 0.01);
    expect(axis.position).toBeCloseTo(10.6, 3);
  });
});
