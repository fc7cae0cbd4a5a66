import type { ArchivedSample, SampleValue, Status } from '@katbus/protocol';
import { describe, expect, it } from 'vitest';
import { binReading, type BinnedPast } from '../../src/page/binned-past.ts';
import { plotData, sampleAt } from '../../src/page/plot-data.ts';
import { heightOf, plotKind } from '../../src/page/plot-kind.ts';

function sample(time: number, value: SampleValue, status: Status = 'nominal'): ArchivedSample {
  return { time, value_ts: time, status, value };
}

describe('plot kind', () => {
  const named = (type: string, params?: unknown[]) =>
    plotKind({ name: 'x', type, ...(params && { params }) }, undefined);

  it('is a curve for numbers, levels for named values, a table for the rest', () => {
    expect([named('float').name, named('integer').name]).toEqual(['curve', 'curve']);
    expect(named('boolean')).toEqual({ name: 'levels', levels: ['false', 'true'] });
    expect(named('lru')).toEqual({ name: 'levels', levels: ['error', 'nominal'] });
    expect(named('discrete', ['off', 'on'])).toEqual({ name: 'levels', levels: ['off', 'on'] });
    const tables = ['string', 'address', 'timestamp', 'float[]', 'of another system'];
    expect(tables.map((type) => named(type).name)).toEqual(tables.map(() => 'table'));
  });

  it('has the usual range of a number from its params', () => {
    expect(named('float', [0, 100])).toEqual({ name: 'curve', bounds: [0, 100] });
    for (const params of [[], [5], [5, 5], ['0', '9'], [9, 1]])
      expect(named('float', params)).toEqual({ name: 'curve' });
  });

  it('is a table when there are more levels than an axis can show, and reads params of other systems', () => {
    expect(
      named(
        'discrete',
        Array.from({ length: 17 }, (_, n) => `s${n}`),
      ).name,
    ).toBe('table');
    const text = { name: 'x', type: 'discrete', params: 'off, on' };
    expect(plotKind(text, undefined)).toEqual({ name: 'levels', levels: ['off', 'on'] });
  });

  it('goes by the value where no type was announced', () => {
    expect(plotKind(undefined, 5).name).toBe('curve');
    expect(plotKind(undefined, 'NaN').name).toBe('curve');
    expect(plotKind(undefined, true).name).toBe('levels');
    expect(plotKind(undefined, 'text').name).toBe('table');
    expect(plotKind(undefined, undefined).name).toBe('table');
  });

  it('leaves holes where there is no number or no such level', () => {
    const heights = [1.5, 0, 'NaN', 'Infinity', null, 'x'].map((value) => heightOf(value, { name: 'curve' }));
    expect(heights).toEqual([1.5, 0, null, null, null, null]);
    const levels = { name: 'levels', levels: ['false', 'true'] } as const;
    expect([true, false, 'other', null].map((value) => heightOf(value, levels))).toEqual([1, 0, null, null]);
  });
});

describe('plot data', () => {
  const samples = [sample(10, 1), sample(20, 'NaN', 'warn'), sample(30, 3)];

  it('holds the newest value until now', () => {
    expect(plotData(samples, { name: 'curve' }, 35)).toEqual({
      times: [10, 20, 30, 35],
      heights: [1, null, 3, 3],
      lows: [1, null, 3, 3],
      highs: [1, null, 3, 3],
      statuses: ['nominal', 'warn', 'nominal', 'nominal'],
      held: true,
    });
  });

  it('has the means of bins with their extremes, then the samples that come after', () => {
    const past: BinnedPast = {
      series: {
        component: 'a',
        sensor: 'b',
        kind: 'number',
        bin: [0, 2],
        count: [2, 0],
        min: [1, null],
        max: [3, null],
        mean: [2, null],
        status: ['warn', 'unknown'],
      },
      start: 0,
      width: 10,
      until: 25,
      samples: 2,
    };
    expect(plotData(samples, { name: 'curve' }, 35, past)).toEqual({
      times: [0, 20, 30, 35],
      heights: [2, null, 3, 3],
      lows: [1, null, 3, 3],
      highs: [3, null, 3, 3],
      statuses: ['warn', 'unknown', 'nominal', 'nominal'],
      held: true,
    });
    expect(binReading(past, 9, 'float')).toMatch(/mean 2, 1 to 3 · 2 samples · warn$/);
    expect(binReading(past, -1, 'float')).toBeUndefined();
  });

  it('has the last level of a bin, and all between the lowest and the highest', () => {
    const past: BinnedPast = {
      series: {
        component: 'a',
        sensor: 'b',
        kind: 'state',
        bin: [0, 1],
        count: [2, 0],
        status: ['nominal', 'nominal'],
        states: ['on', 'off', 'broken', null],
        last: [0, 3],
        held: [
          [
            [2, 4],
            [0, 6],
          ],
          [[3, 10]],
        ],
      },
      start: 0,
      width: 10,
      until: 20,
      samples: 2,
    };
    const levels = { name: 'levels', levels: ['off', 'on', 'broken'] } as const;
    expect(plotData([], levels, undefined, past)).toMatchObject({
      heights: [1, null],
      lows: [1, null],
      highs: [2, null],
    });
    expect(binReading(past, 5, 'discrete')).toMatch(/broken 4 s, on 6 s · nominal$/);
  });

  it('does not hold what is too old, or comes from ahead, or when nothing comes any more', () => {
    for (const until of [undefined, 29, 30 + 4_000]) {
      expect(plotData(samples, { name: 'curve' }, until)).toMatchObject({ times: [10, 20, 30], held: false });
    }
    expect(plotData([], { name: 'curve' }, 5)).toMatchObject({ times: [], held: false });
  });

  it('tells which sample held at a time', () => {
    const at = (time: number) => sampleAt(samples, time)?.time;
    expect([9, 10, 19.9, 20, 99].map(at)).toEqual([undefined, 10, 10, 20, 30]);
  });
});
