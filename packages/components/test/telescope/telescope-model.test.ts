import { isStatus, MEERKAT, sensorToken, valueFault } from '@katbus/protocol';
import { describe, expect, it } from 'vitest';
import { readFeed } from '../../src/telescope/feed.ts';
import { AZIMUTH, ELEVATION } from '../../src/telescope/positioner.ts';
import {
  TelescopeModel,
  TELESCOPE_DEFAULTS,
  type TelescopeSettings,
} from '../../src/telescope/telescope-model.ts';

const START = Date.parse('2026-11-22T09:00:00Z') / 1000;

function model(settings: Partial<TelescopeSettings> = {}): TelescopeModel {
  return new TelescopeModel({ ...TELESCOPE_DEFAULTS, receptors: 4, site: MEERKAT, ...settings }, START);
}

function readingsOf({ components }: TelescopeModel): Map<string, unknown> {
  const entries = components.flatMap(({ name, feeds }) =>
    feeds.map((feed) => [`${name}.${feed.definition.name}`, readFeed(feed)] as const),
  );
  return new Map(entries.map(([name, { value, status }]) => [name, JSON.stringify([value, status])]));
}

describe('the telescope', () => {
  it('repeats with its seed, whatever the steps in which time passes', () => {
    const [one, same, other] = [model({ seed: 'a' }), model({ seed: 'a' }), model({ seed: 'b' })];
    one.advance(START + 25);
    one.advance(START + 40.05);
    for (let seconds = 0.5; seconds <= 40; seconds += 0.5) same.advance(START + seconds);
    same.advance(START + 40.05);
    other.advance(START + 40.05);
    expect(readingsOf(one)).toEqual(readingsOf(same));
    expect(readingsOf(one)).not.toEqual(readingsOf(other));
  });

  it('has sensors that the bus takes, each with units or a type without them, and a description', () => {
    const telescope = model({ sensors: 1_000 });
    for (const { name, feeds } of telescope.components) {
      expect(new Set(feeds.map(({ definition }) => sensorToken(definition.name))).size).toBe(feeds.length);
      for (const feed of feeds) {
        const { type, params, description, units } = feed.definition;
        const { value, status } = readFeed(feed);
        const sent = type === 'float[]' ? [...(value as Float64Array)] : value;
        expect(valueFault(sent, type, params), `${name}.${feed.definition.name}`).toBeUndefined();
        expect(isStatus(status)).toBe(true);
        expect(description?.length).toBeGreaterThan(8);
        if (type === 'float' && feed.definition.name !== 'baselines') expect(units).not.toBe('');
      }
    }
  });

  it('keeps to the limits of its axes through hours of slews, faults and storms', () => {
    const telescope = model({ faults: 20, meanWind: 11 });
    const modes = new Set<string>();
    const last = new Map<string, { azimuth: number; elevation: number }>();
    let stowed = 0;
    for (let seconds = 0.1; seconds < 4 * 3_600; seconds += 0.1) {
      telescope.advance(START + seconds);
      if (telescope.array.isWindStow) stowed += 1;
      for (const { name, positioner } of telescope.array.receptors) {
        const [azimuth, elevation] = [positioner.azimuth.position, positioner.elevation.position];
        const before = last.get(name) ?? { azimuth, elevation };
        modes.add(positioner.mode);
        if (azimuth < AZIMUTH.lowest || azimuth > AZIMUTH.highest) throw new Error(`azimuth ${azimuth}`);
        if (elevation < ELEVATION.lowest || elevation > ELEVATION.highest)
          throw new Error(`elevation ${elevation}`);
        // A call may have been two steps after the one before.
        if (Math.abs(azimuth - before.azimuth) > 0.401)
          throw new Error(`azimuth from ${before.azimuth} to ${azimuth}`);
        if (Math.abs(elevation - before.elevation) > 0.201)
          throw new Error(`elevation from ${before.elevation} to ${elevation}`);
        last.set(name, { azimuth, elevation });
      }
    }
    expect([...modes]).toEqual(expect.arrayContaining(['slew', 'track', 'stow', 'stop']));
    expect(stowed).toBeGreaterThan(0);
  }, 30_000);

  it('observes: receptors come on target and stay there', () => {
    const telescope = model({ receptors: 16, faults: 0, meanWind: 3 });
    let onTarget = 0;
    for (let seconds = 1; seconds <= 3_600; seconds += 1) {
      telescope.advance(START + seconds);
      onTarget += telescope.array.onTargetCount / telescope.array.availableCount;
    }
    expect(onTarget / 3_600).toBeGreaterThan(0.6);
    expect(telescope.array.receptors[0]?.positioner.isOnTarget).toBeTypeOf('boolean');
  });

  it('stows as a whole when the wind is too strong, and says so', () => {
    const telescope = model({ meanWind: 25, faults: 0 });
    for (let seconds = 1; seconds <= 300; seconds += 1) telescope.advance(START + seconds);
    const readings = readingsOf(telescope);
    expect(readings.get('array.wind-stow')).toBe('[true,"warn"]');
    for (const name of ['m000', 'm001', 'm002', 'm003']) {
      expect(readings.get(`${name}.ap.mode`)).toBe('["stow","warn"]');
    }
    expect(readings.get('anc.weather.mean-wind-speed')).toMatch(/"error"\]$/);
  });

  it('has exactly as many sensors as asked for, shared out evenly, and names what is wrong with another number', () => {
    const own = model().sensorCount;
    const telescope = model({ sensors: 5_003 });
    expect(telescope.sensorCount).toBe(5_003);
    const sizes = telescope.components
      .filter(({ name }) => /^m\d/.test(name))
      .map(({ feeds }) => feeds.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    expect(() => model({ sensors: own - 1 })).toThrow(`sensors: ${own - 1} is not ${own} to 200000`);
    expect(() => model({ sensors: 200_001 })).toThrow('sensors: 200001');
    expect(model({ receptors: 64 }).sensorCount).toBeLessThan(2_000);
  });

  it('jumps over the hours that a machine has slept', () => {
    const telescope = model();
    telescope.advance(START + 30 * 86_400);
    expect(telescope.now).toBeGreaterThan(START + 30 * 86_400 - 1);
  });
});
