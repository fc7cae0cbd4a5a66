import { Axis, type AxisLimits } from './axis.ts';
import { Drift } from './drift.ts';
import type { Random } from './random.ts';
import type { Horizontal } from './sky.ts';
import type { Wind } from './weather.ts';

export const POSITIONER_MODES = ['stop', 'slew', 'track', 'stow', 'maintenance'] as const;
export type PositionerMode = (typeof POSITIONER_MODES)[number];

/** What a receptor is asked to do. */
export type Demand =
  | { readonly kind: 'point'; readonly direction: Horizontal }
  | { readonly kind: 'stow' }
  | { readonly kind: 'maintenance' }
  | { readonly kind: 'stop' };

/** The azimuth turns one and a quarter times before the cables are wound up; south is in the middle of its range. */
export const AZIMUTH: AxisLimits = { lowest: -185, highest: 275, rate: 2, acceleration: 1 };
export const ELEVATION: AxisLimits = { lowest: 15, highest: 88, rate: 1, acceleration: 0.5 };
/** The dish looks up: the wind finds its edge. */
export const STOW_ELEVATION = 88;
const MAINTENANCE_ELEVATION = 20;
/** A program that starts finds the array at work, half way to any source. */
const START_ELEVATION = 50;

/** On the sky, degrees; a fifth of the beam at the highest band. */
const ON_TARGET = 0.05;
/** A target that jumps further than this between two steps is another one: it has no rate, degrees. */
const JUMP = 1;
const GUST_MEMORY_SECONDS = 2;

/** The antenna positioner of a receptor: two axes, their drives, and the mode they are in. */
export class Positioner {
  readonly azimuth: Axis;
  readonly elevation: Axis;
  mode: PositionerMode = 'stop';
  /** `failed`: the brakes have fallen in, it stands where it stood. */
  drives: 'working' | 'failed' = 'working';
  /** Where it is sent, in the azimuth's own turns. */
  requested: Horizontal;
  /** What the drives take, ampere. */
  azimuthCurrent = 0;
  elevationCurrent = 0;
  private readonly noise: Random;
  private readonly azimuthGust: Drift;
  private readonly elevationGust: Drift;
  /** What its pointing model leaves, degrees; a receptor's own. */
  private readonly offset: Horizontal;
  private shaken: Horizontal = { azimuth: 0, elevation: 0 };
  private lastRequested: Horizontal;

  constructor(random: Random) {
    this.noise = random.fork('noise');
    this.azimuthGust = new Drift(random.fork('azimuth'), GUST_MEMORY_SECONDS);
    this.elevationGust = new Drift(random.fork('elevation'), GUST_MEMORY_SECONDS);
    this.offset = { azimuth: arcseconds(2) * random.normal(), elevation: arcseconds(2) * random.normal() };
    this.azimuth = new Axis(AZIMUTH, random.between(-5, 5));
    this.elevation = new Axis(ELEVATION, START_ELEVATION);
    this.requested = { azimuth: this.azimuth.position, elevation: START_ELEVATION };
    this.lastRequested = this.requested;
  }

  step(seconds: number, demand: Demand, wind: Wind): void {
    this.request(demand);
    this.shake(seconds, wind.speed);
    if (this.drives === 'failed') {
      this.azimuth.freeze();
      this.elevation.freeze();
    } else if (demand.kind === 'stop') {
      this.azimuth.halt(seconds);
      this.elevation.halt(seconds);
    } else {
      this.azimuth.follow(
        seconds,
        this.requested.azimuth,
        rate(this.requested, this.lastRequested, 'azimuth', seconds),
      );
      this.elevation.follow(
        seconds,
        this.requested.elevation,
        rate(this.requested, this.lastRequested, 'elevation', seconds),
      );
    }
    this.lastRequested = this.requested;
    this.mode = this.modeFor(demand);
    this.driveCurrents(wind);
  }

  /** Where the encoders say that it looks, the azimuth in its own turns. */
  get actual(): Horizontal {
    return {
      azimuth: this.azimuth.position + this.shaken.azimuth,
      elevation: this.elevation.position + this.shaken.elevation,
    };
  }

  /** How far from the requested direction it looks, on the sky, degrees. */
  get error(): number {
    const { azimuth, elevation } = this.actual;
    const across = (azimuth - this.requested.azimuth) * Math.cos((elevation * Math.PI) / 180);
    return Math.hypot(across, elevation - this.requested.elevation);
  }

  get isOnTarget(): boolean {
    return this.mode === 'track';
  }

  private request(demand: Demand): void {
    switch (demand.kind) {
      case 'point':
        this.requested = {
          azimuth: this.nearestTurn(demand.direction.azimuth),
          elevation: demand.direction.elevation,
        };
        break;
      case 'stow':
        this.requested = { azimuth: this.requested.azimuth, elevation: STOW_ELEVATION };
        break;
      case 'maintenance':
        this.requested = { azimuth: this.requested.azimuth, elevation: MAINTENANCE_ELEVATION };
        break;
      case 'stop':
        break;
    }
  }

  /** Of the turns in which an azimuth can be reached, the one nearest to where it was sent before. */
  private nearestTurn(azimuth: number): number {
    let best = azimuth;
    let leastAway = Infinity;
    for (const turn of [azimuth - 360, azimuth, azimuth + 360]) {
      const away = Math.abs(turn - this.requested.azimuth);
      if (turn >= AZIMUTH.lowest && turn <= AZIMUTH.highest && away < leastAway) {
        best = turn;
        leastAway = away;
      }
    }
    return best;
  }

  private shake(seconds: number, windSpeed: number): void {
    // The force of the wind grows with its square.
    const deviation = this.drives === 'failed' ? 0 : arcseconds(1.5 + 0.06 * windSpeed ** 2);
    this.shaken = {
      azimuth: this.offset.azimuth + this.azimuthGust.step(seconds, deviation),
      elevation: this.offset.elevation + this.elevationGust.step(seconds, deviation),
    };
  }

  private modeFor({ kind }: Demand): PositionerMode {
    if (kind === 'maintenance') return 'maintenance';
    if (this.drives === 'failed' || kind === 'stop') return 'stop';
    if (kind === 'stow') return 'stow';
    return this.error <= ON_TARGET ? 'track' : 'slew';
  }

  private driveCurrents({ speed, direction }: Wind): void {
    const isHeld =
      this.drives === 'failed' || this.mode === 'stop' || (this.mode === 'stow' && this.isAtRest());
    const angle = ((this.azimuth.position - direction) * Math.PI) / 180;
    // The dish is a sail: from the side the wind turns it in azimuth, from ahead in elevation.
    const load = 0.03 * speed ** 2;
    this.azimuthCurrent = isHeld
      ? idleCurrent(this.noise)
      : current(this.azimuth, load * Math.abs(Math.sin(angle)), this.noise);
    this.elevationCurrent = isHeld
      ? idleCurrent(this.noise)
      : current(this.elevation, load * Math.abs(Math.cos(angle)), this.noise);
  }

  private isAtRest(): boolean {
    return Math.abs(this.elevation.position - STOW_ELEVATION) < 0.01 && this.azimuth.rate === 0;
  }
}

function rate(now: Horizontal, before: Horizontal, axis: keyof Horizontal, seconds: number): number {
  const moved = now[axis] - before[axis];
  return Math.abs(moved) > JUMP ? 0 : moved / seconds;
}

/** Ampere: friction while it stands ready, more with speed and most to get it going. */
function current({ rate, acceleration, limits }: Axis, load: number, noise: Random): number {
  return Math.max(
    0,
    1.5 +
      4 * (Math.abs(rate) / limits.rate) +
      11 * (Math.abs(acceleration) / limits.acceleration) +
      load +
      0.15 * noise.normal(),
  );
}

function idleCurrent(noise: Random): number {
  return Math.max(0, 0.3 + 0.02 * noise.normal());
}

function arcseconds(count: number): number {
  return count / 3600;
}
