import { describe, expect, it } from 'vitest';
import { niceScale, rowLabels, timeAxis } from '../../src/output/plot-axes.ts';
import { Plot } from '../../src/output/plot.ts';

const START = 1_795_305_600;
const plotOf = (points: readonly (readonly [number, number])[], span = 100) => {
  const plot = new Plot({ start: START, end: START + span, width: 63, height: 12 });
  for (const [seconds, value] of points) plot.add(START + seconds, value);
  return plot.lines();
};
/** The dots of a plot line, without label and axis. */
const dotsOf = (line: string) => line.slice(13);
const hasDots = (text: string) => /[\u2801-\u28ff]/.test(text);

describe('a plot in the terminal', () => {
  it('has its size, labels at round values and times at round times', () => {
    const lines = plotOf([
      [0, 1],
      [50, 97],
    ]);
    expect(lines).toHaveLength(12);
    expect(lines.every((line) => [...line].length <= 63)).toBe(true);
    expect(lines[0]).toMatch(/^ +100 ┤/);
    expect(lines[9]).toMatch(/^ +0 ┤/);
    expect(lines[11]).toContain('00:00:30');
  });

  it('draws what rises to the right from the lower left to the upper right', () => {
    const lines = plotOf(Array.from({ length: 100 }, (_, second) => [second, second] as const));
    const [top, bottom] = [dotsOf(lines[0] ?? ''), dotsOf(lines[9] ?? '')];
    expect(hasDots(top.slice(0, 25))).toBe(false);
    expect(hasDots(top.slice(40))).toBe(true);
    expect(hasDots(bottom.slice(0, 10))).toBe(true);
    expect(hasDots(bottom.slice(25))).toBe(false);
  });

  it('holds a value until the next one, from before the left edge to the right edge', () => {
    const [held] = plotOf([[-5, 7]])
      .slice(0, 10)
      .filter((line) => hasDots(line));
    expect(dotsOf(held ?? '')).toMatch(/^[\u2801-\u28ff]{50}$/);
  });

  it('shows a spike that is shorter than a column', () => {
    const lines = plotOf([
      [0, 0],
      [50, 100],
      [50.001, 0],
    ]);
    expect(hasDots(lines[0] ?? '')).toBe(true);
    expect(lines.slice(0, 10).every((line) => hasDots(line))).toBe(true);
  });

  it('leaves a gap where there is no number', () => {
    const held = plotOf([
      [0, 7],
      [40, NaN],
      [60, 7],
    ])
      .slice(0, 10)
      .map(dotsOf)
      .find(hasDots);
    expect(hasDots((held ?? '').slice(22, 29))).toBe(false);
    expect(hasDots((held ?? '').slice(0, 19))).toBe(true);
    expect(hasDots((held ?? '').slice(32))).toBe(true);
  });

  it('is empty when there is nothing to draw', () => {
    expect(plotOf([])).toEqual([]);
    expect(plotOf([[10, NaN]])).toEqual([]);
  });
});

describe('the axes', () => {
  it.each([
    [0.5, 99, 5, 0, 100, 25],
    [3, 3, 5, 2.6, 3.4, 0.2],
    [0, 0, 3, -1, 1, 1],
    [-0.004, 0.0031, 6, -0.004, 0.004, 0.002],
  ])('from %f to %f with %i ticks are %f to %f by %f', (least, most, ticks, low, high, step) => {
    const scale = niceScale(least, most, ticks);
    expect(scale.low).toBeCloseTo(low, 9);
    expect(scale.high).toBeCloseTo(high, 9);
    expect(scale.step).toBeCloseTo(step, 9);
  });

  it('write large numbers with a prefix and as many decimals as tell ticks apart', () => {
    const labels = [...rowLabels(9, niceScale(24_355_852_288, 24_359_852_288, 4)).values()];
    expect(labels).toContain('24.356 G');
    expect(new Set(labels).size).toBe(labels.length);
  });

  it('put a date where a time of day would not tell', () => {
    expect(timeAxis(START, START + 3 * 86_400, 60)[1]).toContain('2026-11-23');
    expect(timeAxis(START - 7_200, START + 7_200, 60)[1]).toContain('23:00');
  });
});
