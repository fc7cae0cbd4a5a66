import type { ArchivedSample, SampleValue, Status } from '@katbus/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SampleSeries } from '../../src/page/sample-series.ts';
import { thin } from '../../src/page/thinning.ts';

function sample(time: number, value: SampleValue = time, status: Status = 'nominal'): ArchivedSample {
  return { time, value_ts: time, status, value };
}

describe('sample series', () => {
  it('is in order and without doubles, in whatever order history and live samples come', () => {
    const times = fc.uniqueArray(fc.nat(200)).map((list) => list.sort((a, b) => a - b));
    const step = fc.oneof(fc.record({ add: fc.nat(200) }), fc.record({ merge: times }));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const series = new SampleSeries();
        const expected = new Set<number>();
        for (const one of steps) {
          if ('add' in one) {
            series.add(sample(one.add));
            expected.add(one.add);
          } else {
            series.merge(one.merge.map((time) => sample(time)));
            for (const time of one.merge) expected.add(time);
          }
        }
        expect(series.samples.map(({ time }) => time)).toEqual([...expected].sort((a, b) => a - b));
      }),
    );
  });

  it('forgets what is older than its span, but for the value at the left edge', () => {
    const series = new SampleSeries();
    series.merge([1, 2, 3, 4].map((time) => sample(time)));
    series.forgetBefore(2.5);
    expect(series.samples.map(({ time }) => time)).toEqual([2, 3, 4]);
    series.forgetBefore(99);
    expect(series.samples.map(({ time }) => time)).toEqual([4]);
    series.forgetBefore(0);
    expect(series.samples).toHaveLength(1);
  });

  it('stays bounded however much comes, and says that it was thinned', () => {
    const series = new SampleSeries({ mostSamples: 1_000 });
    for (let time = 0; time < 20_000; time += 1) series.add(sample(time, Math.sin(time / 50)));
    expect(series.samples.length).toBeLessThanOrEqual(1_000);
    expect(series.samples.length).toBeGreaterThan(300);
    expect(series.thinned).toBe(true);
  });
});

describe('thinning', () => {
  it('keeps ends, extremes and the worst status', () => {
    const samples = Array.from({ length: 10_000 }, (_, time) => sample(time, Math.sin(time / 100)));
    samples[4_321] = sample(4_321, 1e6);
    samples[7_654] = sample(7_654, -1e6, 'failure');
    const kept = thin(samples, 1_000);
    expect(kept.length).toBeLessThanOrEqual(750);
    for (const place of [0, 4_321, 7_654, 9_999]) expect(kept).toContain(samples[place]);
    expect(kept.map(({ time }) => time)).toEqual(kept.map(({ time }) => time).sort((a, b) => a - b));
  });

  it('keeps every change of a sensor that rarely changes', () => {
    const samples = Array.from({ length: 5_000 }, (_, time) =>
      sample(time, time % 500 === 0 ? 'moved' : 'still'),
    );
    const kept = thin(samples, 100);
    expect(kept.filter(({ value }) => value === 'moved').map(({ time }) => time)).toEqual(
      Array.from({ length: 10 }, (_, n) => n * 500),
    );
  });

  it('keeps NaN and no value apart from numbers', () => {
    const samples = Array.from({ length: 4_000 }, (_, time) => sample(time, time % 2 === 0 ? 'NaN' : time));
    expect(thin(samples, 1_000).length).toBeLessThanOrEqual(750);
    const single = Array.from({ length: 100 }, () => sample(5, 1));
    expect(thin(single, 10).length).toBeLessThanOrEqual(10);
  });
});
