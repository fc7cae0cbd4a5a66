import { describe, expect, it } from 'vitest';
import { Random } from '../../src/telescope/random.ts';

const COUNT = 20_000;
const many = (draw: () => number) => Array.from({ length: COUNT }, draw);
const mean = (list: readonly number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
const deviation = (list: readonly number[]) => {
  const middle = mean(list);
  return Math.sqrt(mean(list.map((value) => (value - middle) ** 2)));
};

describe('random numbers', () => {
  it('repeat with the seed, and differ with another seed and another part', () => {
    const draw = (random: Random) => Array.from({ length: 5 }, () => random.next());
    expect(draw(new Random('a'))).toEqual(draw(new Random('a')));
    expect(draw(new Random('a'))).not.toEqual(draw(new Random('b')));
    expect(draw(new Random('a').fork('x'))).not.toEqual(draw(new Random('a').fork('y')));
    expect(draw(new Random(1))).not.toEqual(draw(new Random(2)));
  });

  it('do not change in one part when another draws more', () => {
    const whole = new Random('a');
    const before = whole.fork('part').next();
    for (let turn = 0; turn < 100; turn += 1) whole.next();
    expect(whole.fork('part').next()).toBe(before);
  });

  it('are spread as they should be', () => {
    const random = new Random('spread');
    const even = many(() => random.next());
    expect(Math.min(...even)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...even)).toBeLessThan(1);
    expect(mean(even)).toBeCloseTo(0.5, 1);
    const normal = many(() => random.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(0.03);
    expect(deviation(normal)).toBeCloseTo(1, 1);
    expect(mean(many(() => random.exponential(40)))).toBeCloseTo(40, -1);
    expect(mean(many(() => random.poisson(0.5)))).toBeCloseTo(0.5, 1);
    expect(new Set(many(() => random.below(4)))).toEqual(new Set([0, 1, 2, 3]));
  });
});
