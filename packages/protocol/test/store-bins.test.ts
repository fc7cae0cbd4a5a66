import { describe, expect, it } from 'vitest';
import { binsCsvHeader, binsCsvLines } from '../src/bins-csv.ts';
import type { ArrayBins, NumberBins, StateBins } from '../src/store/bins.ts';
import { JoinedBins } from '../src/store/joined-bins.ts';

const WIND = { component: 'wx', sensor: 'wind' };
const MODE = { component: 'wx', sensor: 'mode' };

function numbers(bin: number[], mean: (number | string | null)[]): NumberBins {
  return { ...WIND, kind: 'number', bin, count: bin.map(() => 1), mean };
}

function states(
  bin: number[],
  names: StateBins['states'],
  last: number[],
  held: [number, number][][],
): StateBins {
  return {
    ...MODE,
    kind: 'state',
    bin,
    count: bin.map(() => 1),
    status: bin.map(() => 'nominal'),
    states: names,
    last,
    held,
  };
}

describe('joined bins', () => {
  it('have each sensor once, in order, with the columns of all its parts', () => {
    const joined = new JoinedBins();
    const before = { time: 1, value_ts: 1, status: 'nominal', value: 5 } as const;
    joined.add({ series: [{ ...numbers([0, 1], [1, 'NaN']), before }] });
    joined.add({ series: [numbers([3], [null]), states([0], ['on'], [0], [[[0, 60]]])] });
    expect(joined.series).toEqual([
      { ...numbers([0, 1, 3], [1, 'NaN', null]), before },
      states([0], ['on'], [0], [[[0, 60]]]),
    ]);
  });

  it('name the states of a later part by their places in the whole', () => {
    const joined = new JoinedBins();
    joined.add({
      series: [
        states(
          [0],
          ['off', null],
          [1],
          [
            [
              [0, 10],
              [1, 50],
            ],
          ],
        ),
      ],
    });
    joined.add({
      series: [
        states(
          [1],
          [null, 'on', 'off'],
          [2],
          [
            [
              [0, 10],
              [1, 20],
              [2, 30],
            ],
          ],
        ),
      ],
    });
    expect(joined.series).toEqual([
      states(
        [0, 1],
        ['off', null, 'on'],
        [1, 0],
        [
          [
            [0, 10],
            [1, 50],
          ],
          [
            [1, 10],
            [2, 20],
            [0, 30],
          ],
        ],
      ),
    ]);
  });
});

describe('bins as CSV', () => {
  const grid = { start: 1_795_302_000.1, width: 0.1 };
  const columns = ['mean', 'status'] as const;

  it('have the columns that were asked for, and those of states and arrays, once', () => {
    expect(binsCsvHeader(columns)).toBe('sensor,bin,start,iso,mean,status,count,last,held\r\n');
    expect(binsCsvHeader(['last'])).toBe('sensor,bin,start,iso,last,count,status,held\r\n');
  });

  it('begin where they begin, to the microsecond', () => {
    expect(binsCsvLines(numbers([0, 7], ['Infinity', null]), grid, columns)).toBe(
      'wx.wind,0,1795302000.1,2026-11-21T23:00:00.100000Z,Infinity,,1,,\r\n' +
        'wx.wind,7,1795302000.8,2026-11-21T23:00:00.800000Z,,,1,,\r\n',
    );
  });

  it('say states by their names, arrays as JSON, and quote what has to be quoted', () => {
    const mode = states(
      [0],
      ['a,"b"', null],
      [0],
      [
        [
          [1, 0.5],
          [0, 0.25],
        ],
      ],
    );
    expect(binsCsvLines(mode, grid, columns)).toContain(
      ',,nominal,1,"a,""b""","[[null,0.5],[""a,\\""b\\"""",0.25]]"\r\n',
    );
    const spectrum: ArrayBins = {
      ...WIND,
      kind: 'array',
      bin: [0],
      count: [3],
      status: ['warn'],
      last: [[1, 'NaN']],
    };
    expect(binsCsvLines(spectrum, grid, columns)).toContain(',,warn,3,"[1,""NaN""]",\r\n');
  });
});
