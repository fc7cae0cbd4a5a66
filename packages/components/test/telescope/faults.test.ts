import { describe, expect, it } from 'vitest';
import { DISTURBANCES } from '../../src/telescope/disturbances.ts';
import {
  FAULT_KINDS,
  FAULT_NAMES,
  type FaultKind,
  type FaultName,
  type FaultTarget,
} from '../../src/telescope/fault-kinds.ts';
import { Faults, type FaultNews } from '../../src/telescope/faults.ts';
import { readFeed } from '../../src/telescope/feed.ts';
import { Random } from '../../src/telescope/random.ts';
import { receptorFeeds } from '../../src/telescope/receptor-feeds.ts';
import { Receptor } from '../../src/telescope/receptor.ts';

const START = 1_795_000_000;

function targets(count: number): FaultTarget[] {
  return Array.from({ length: count }, (_, number) => {
    const receptor = new Receptor(number, new Random(`r${number}`), START, 20);
    return { receptor, feeds: receptorFeeds(receptor, () => false) };
  });
}

function newsOf(seed: string, factor: number, seconds: number): FaultNews[] {
  const news: FaultNews[] = [];
  const settings = { factor, onNews: (entry: FaultNews) => news.push(entry) };
  const faults = new Faults(new Random(seed), targets(8), settings, START);
  for (let now = START; now < START + seconds; now += 1) faults.step(now);
  return news;
}

describe('faults', () => {
  it('repeat with the seed', () => {
    expect(newsOf('a', 5, 3_600)).toEqual(newsOf('a', 5, 3_600));
    expect(newsOf('a', 5, 3_600)).not.toEqual(newsOf('b', 5, 3_600));
  });

  it('happen as often as asked for: none, about one a minute, or many', () => {
    const began = (factor: number) =>
      newsOf('often', factor, 3 * 3_600).filter(({ change }) => change === 'began');
    expect(began(0)).toEqual([]);
    expect(began(1).length).toBeGreaterThan(100);
    expect(began(1).length).toBeLessThan(250);
    expect(began(10).length).toBeGreaterThan(5 * began(1).length);
    expect(new Set(began(10).map(({ kind }) => kind))).toEqual(new Set(FAULT_NAMES));
  });

  it('all end, and leave everything as it was', () => {
    const few = targets(3);
    const random = new Random('life');
    for (const kind of FAULT_NAMES) {
      for (const target of few) {
        const { receptor, feeds } = target;
        const before = stateOf(target);
        const effect = kindOf(kind).begin(target, random);
        expect(effect?.what.startsWith(receptor.name), kind).toBe(true);
        expect(stateOf(target), kind).not.toEqual(before);
        effect?.end(START + 100);
        expect(stateOf(target), kind).toEqual(before);
        expect(feeds.every(({ disturbance }) => disturbance === undefined)).toBe(true);
      }
    }
  });

  it('do not befall twice what is broken already', () => {
    const [target] = targets(1);
    if (target === undefined) throw new Error('no target');
    for (const kind of ['cryoTrip', 'driveFailure', 'clockLost', 'powerGlitch'] as const) {
      expect(kindOf(kind).begin(target, new Random('x')), kind).toBeDefined();
      expect(kindOf(kind).begin(target, new Random('x')), kind).toBeUndefined();
    }
  });

  it('a receptor that has been without power says that it was started anew', () => {
    const [target] = targets(1);
    const bootedAt = target?.receptor.bootedAt ?? NaN;
    if (target !== undefined)
      kindOf('powerGlitch')
        .begin(target, new Random('x'))
        ?.end(START + 20.7);
    expect(bootedAt).toBeLessThan(START);
    expect(target?.receptor.bootedAt).toBe(START + 20);
  });
});

describe('a disturbed sensor', () => {
  const reading = { value: 12.5, status: 'nominal' } as const;
  const random = new Random('d');

  it('is unreachable without a value, or reads NaN as an error', () => {
    expect(DISTURBANCES.unreachable()()).toEqual({ value: null, status: 'unreachable' });
    expect(DISTURBANCES.nan()()).toEqual({ value: NaN, status: 'error' });
  });

  it('is stuck at the first value that it reads', () => {
    const stuck = DISTURBANCES.stuck();
    expect([stuck(reading), stuck({ value: 13, status: 'warn' })]).toEqual([reading, reading]);
  });

  it('flaps with each reading', () => {
    const flapping = DISTURBANCES.flapping();
    expect([1, 2, 3, 4].map(() => flapping(reading).status)).toEqual(['warn', 'nominal', 'warn', 'nominal']);
  });

  it('spikes far away from its value', () => {
    for (let turn = 0; turn < 20; turn += 1) {
      const { value } = DISTURBANCES.spike(random)(reading);
      expect(Math.abs(Number(value) - 12.5)).toBeGreaterThan(50);
    }
  });

  it('is one of the floats', () => {
    const [target] = targets(1);
    if (target === undefined) throw new Error('no target');
    for (let turn = 0; turn < 10; turn += 1) kindOf('nan').begin(target, random);
    const disturbed = target.feeds.filter(({ disturbance }) => disturbance !== undefined);
    expect(disturbed).toHaveLength(10);
    for (const feed of disturbed) {
      expect(feed.definition.type).toBe('float');
      expect(readFeed(feed)).toEqual({ value: NaN, status: 'error' });
    }
  });
});

function kindOf(name: FaultName): FaultKind {
  return FAULT_KINDS[name];
}

/** What faults change, and their end puts back. */
function stateOf({ receptor, feeds }: FaultTarget) {
  return {
    power: receptor.power,
    compressor: receptor.receiver.compressor,
    drives: receptor.positioner.drives,
    clock: receptor.digitiser.clock,
    disturbed: feeds.filter(({ disturbance }) => disturbance !== undefined).length,
  };
}
