import { describe, expect, it } from 'vitest';
import {
  AZIMUTH,
  ELEVATION,
  Positioner,
  STOW_ELEVATION,
  type Demand,
} from '../../src/telescope/positioner.ts';
import { Random } from '../../src/telescope/random.ts';

const STEP = 0.1;
const CALM = { speed: 2, direction: 90 };
const point = (azimuth: number, elevation: number): Demand => ({
  kind: 'point',
  direction: { azimuth, elevation },
});

function stepped(positioner: Positioner, seconds: number, demand: Demand, wind = CALM): Positioner {
  for (let step = 0; step < seconds / STEP; step += 1) positioner.step(STEP, demand, wind);
  return positioner;
}

describe('the positioner', () => {
  it('slews to a source, then tracks it within arcseconds', () => {
    const positioner = new Positioner(new Random('p'));
    expect(stepped(positioner, 2, point(40, 60)).mode).toBe('slew');
    expect(positioner.azimuthCurrent).toBeGreaterThan(4);
    stepped(positioner, 60, point(40, 60));
    expect(positioner.mode).toBe('track');
    expect(positioner.error * 3600).toBeLessThan(20);
    expect(positioner.actual.azimuth).toBeCloseTo(40, 1);
  });

  it('takes the turn of its cable that is nearest, and unwinds where the cable ends', () => {
    const positioner = stepped(new Positioner(new Random('p')), 120, point(200, 50));
    // 200 degrees is -160 as well, which is nearer to where it stood.
    expect(positioner.azimuth.position).toBeCloseTo(-160, 1);
    stepped(positioner, 20, point(176, 50));
    expect(positioner.azimuth.position).toBeCloseTo(-184, 1);
    stepped(positioner, 300, point(170, 50));
    expect(positioner.azimuth.position).toBeCloseTo(170, 1);
    expect(positioner.azimuth.position).toBeLessThanOrEqual(AZIMUTH.highest);
  });

  it('looks up in stow, and its drives rest there', () => {
    const positioner = stepped(
      new Positioner(new Random('p')),
      120,
      { kind: 'stow' },
      { speed: 20, direction: 0 },
    );
    expect(positioner.mode).toBe('stow');
    expect(positioner.actual.elevation).toBeCloseTo(STOW_ELEVATION, 1);
    expect(positioner.elevationCurrent).toBeLessThan(1);
  });

  it('is sent no lower than it can go', () => {
    const positioner = stepped(new Positioner(new Random('p')), 120, point(0, 3));
    expect(positioner.elevation.position).toBeCloseTo(ELEVATION.lowest, 6);
    expect(positioner.mode).toBe('slew');
  });

  it('stands frozen while its drives have failed, and goes on when they are repaired', () => {
    const positioner = stepped(new Positioner(new Random('p')), 5, point(90, 60));
    positioner.drives = 'failed';
    stepped(positioner, 1, point(90, 60));
    const frozen = positioner.actual;
    stepped(positioner, 60, point(90, 60));
    expect(positioner.actual).toEqual(frozen);
    expect(positioner.mode).toBe('stop');
    positioner.drives = 'working';
    expect(stepped(positioner, 90, point(90, 60)).mode).toBe('track');
  });

  it('needs more current and errs more the more wind there is', () => {
    const meanOf = (speed: number) => {
      const positioner = stepped(new Positioner(new Random('p')), 60, point(0, 60));
      let current = 0;
      let error = 0;
      for (let step = 0; step < 600; step += 1) {
        positioner.step(STEP, point(0, 60), { speed, direction: 90 });
        current += positioner.azimuthCurrent / 600;
        error += positioner.error / 600;
      }
      return { current, error };
    };
    const [calm, storm] = [meanOf(1), meanOf(13)];
    expect(storm.current).toBeGreaterThan(calm.current + 3);
    expect(storm.error).toBeGreaterThan(2 * calm.error);
  });
});
