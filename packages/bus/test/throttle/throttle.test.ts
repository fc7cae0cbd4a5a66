import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sampler, samplingRule, type SampleValue, type SamplingRule, type Status } from '@katbus/protocol';
import { Throttle } from '../../src/throttle/throttle.ts';

const rules: fc.Arbitrary<SamplingRule> = fc
  .record({
    archiveIntervalSeconds: fc.constantFrom(0, 1, 10),
    normalIntervalSeconds: fc.constantFrom(0, 0.3, 1),
    longestSilenceSeconds: fc.constantFrom(0, 0.5, 7),
    deadBand: fc.constantFrom(null, 0, 1.5, { relative: 0.5 }),
  })
  .map(samplingRule);

const values = fc.oneof(
  fc.integer({ min: 0, max: 4 }),
  fc.constantFrom<SampleValue>('NaN', 'Infinity', null, true, false, 'text', -0, 0.25),
  fc.array(fc.constantFrom<number | string>(1, 2, 'NaN'), { maxLength: 3 }),
);

const steps = fc.array(
  fc.record({
    row: fc.nat(2),
    afterUs: fc.oneof(fc.integer({ min: 0, max: 50_000 }), fc.integer({ min: 0, max: 3_000_000 })),
    value: values,
    status: fc.constantFrom<Status>('nominal', 'nominal', 'warn', 'failure'),
    rule: fc.option(rules, { freq: 8, nil: undefined }),
  }),
  { maxLength: 80 },
);

describe('the throttle of many sensors', () => {
  it('decides for each as a sampler of its own would, also when rules change, and counts every update once', () => {
    fc.assert(
      fc.property(rules, steps, (first, updates) => {
        const throttle = new Throttle();
        const sensors = [0, 1, 2].map(() => ({
          row: throttle.add(),
          rule: first,
          sampler: new Sampler(first),
          offered: 0,
          sent: 0,
        }));
        let nowUs = 0;
        const passTime = (untilUs: number) => {
          for (const sensor of sensors) {
            let atUs = sensor.sampler.deadlineUs;
            for (let n = 0; atUs <= untilUs && n < 20; n += 1) {
              expect(throttle.deadlineUs(sensor.row, sensor.rule)).toBe(sensor.sampler.deadlineUs);
              const rate = sensor.sampler.expire(Math.max(atUs, nowUs));
              expect(throttle.expire(sensor.row, sensor.rule, Math.max(atUs, nowUs))).toBe(rate);
              if (rate !== undefined) sensor.sent += 1;
              expect(throttle.sent(sensor.row)).toEqual(sensor.sampler.sent);
              atUs = sensor.sampler.deadlineUs;
            }
            expect(throttle.deadlineUs(sensor.row, sensor.rule)).toBe(sensor.sampler.deadlineUs);
          }
          nowUs = untilUs;
        };
        for (const { row, afterUs, value, status, rule } of updates) {
          passTime(nowUs + afterUs);
          const sensor = sensors[row]!;
          if (rule !== undefined) {
            sensor.rule = rule;
            sensor.sampler.changeRule(rule);
          }
          const update = { value, status, valueTimeUs: nowUs };
          const verdict = sensor.sampler.offer(nowUs, update);
          expect(throttle.offer(row, sensor.rule, nowUs, nowUs, value, status, nowUs)).toBe(verdict);
          expect(throttle.sent(row)).toEqual(sensor.sampler.sent);
          expect(throttle.newest(row)).toEqual({ ...update, atUs: nowUs });
          sensor.offered += 1;
          if (verdict === 'archive' || verdict === 'normal') sensor.sent += 1;
          const { counts, held } = throttle.state(row, sensor.rule);
          expect(held).toEqual(sensor.sampler.isHolding ? throttle.newest(row) : undefined);
          expect(counts.updates).toBe(sensor.offered);
          expect(counts.archive + counts.normal).toBe(sensor.sent);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('keeps thousands of rows apart', () => {
    const throttle = new Throttle();
    const rule = samplingRule({});
    for (let n = 0; n < 3_000; n += 1)
      throttle.offer(throttle.add(), rule, 0, 0, n % 3 === 0 ? `v${n}` : n, 'nominal', n);
    for (const row of [0, 1, 1023, 1024, 2047, 2048, 2999]) {
      expect(throttle.sent(row)).toEqual({
        value: row % 3 === 0 ? `v${row}` : row,
        status: 'nominal',
        valueTimeUs: row,
      });
    }
  });
});
