import type { Site } from '@katbus/protocol';
import type { Demand } from './positioner.ts';
import type { Random } from './random.ts';
import { Receptor } from './receptor.ts';
import { Schedule, type Scan } from './schedule.ts';
import { horizontal, type Horizontal } from './sky.ts';
import { Weather } from './weather.ts';
import { WindStow } from './wind-stow.ts';

export interface ArraySettings {
  readonly receptors: number;
  readonly site: Site;
  /** m/s */
  readonly meanWind: number;
}

/** At the start of each calibrator's scan. */
const NOISE_DIODE_SECONDS = 20;
const WEATHER_STEP_SECONDS = 1;

/** The telescope's physics: weather, schedule, and receptors that follow it. Time is an argument. */
export class ObservingArray {
  readonly weather: Weather;
  readonly receptors: readonly Receptor[];
  direction: Horizontal = { azimuth: 0, elevation: 90 };
  private readonly site: Site;
  private readonly schedule: Schedule;
  private readonly stow = new WindStow();
  private now: number;
  private sinceWeatherStep = 0;

  constructor(random: Random, { receptors, site, meanWind }: ArraySettings, startSeconds: number) {
    this.site = site;
    this.now = startSeconds;
    this.weather = new Weather(random.fork('weather'), { site, meanWind }, startSeconds);
    this.schedule = new Schedule(random.fork('schedule'), site, startSeconds);
    this.receptors = Array.from(
      { length: receptors },
      (_, number) =>
        new Receptor(number, random.fork(`receptor ${number}`), startSeconds, this.weather.temperature),
    );
  }

  /** @param seconds since the last step @param now Unix seconds */
  step(seconds: number, now: number): void {
    this.now = now;
    this.sinceWeatherStep += seconds;
    if (this.sinceWeatherStep >= WEATHER_STEP_SECONDS) {
      this.weather.step(this.sinceWeatherStep, now);
      this.sinceWeatherStep = 0;
      this.stow.step(now, this.weather);
    }
    this.schedule.advance(now);
    const { source, band } = this.scan;
    if (source !== undefined) this.direction = horizontal(source, this.site, now);
    const surroundings = {
      now,
      weather: this.weather,
      demand: this.demand(),
      band,
      noiseDiode: this.noiseDiode,
    };
    for (const receptor of this.receptors) receptor.step(seconds, surroundings);
  }

  get scan(): Scan {
    return this.schedule.scan;
  }

  get isWindStow(): boolean {
    return this.stow.isActive;
  }

  get noiseDiode(): boolean {
    const { source, startsAt } = this.scan;
    return source?.kind === 'calibrator' && !this.isWindStow && this.now - startsAt < NOISE_DIODE_SECONDS;
  }

  get onTargetCount(): number {
    return this.receptors.filter(({ positioner }) => positioner.isOnTarget).length;
  }

  get availableCount(): number {
    return this.receptors.filter((receptor) => receptor.isAvailable(this.now)).length;
  }

  /** Receptors whose data reach the correlator. */
  correlatedReceptors(): readonly Receptor[] {
    return this.receptors.filter(({ power, digitiser }) => power === 'on' && digitiser.clock === 'locked');
  }

  private demand(): Demand {
    if (this.isWindStow) return { kind: 'stow' };
    return this.scan.source === undefined ? { kind: 'stop' } : { kind: 'point', direction: this.direction };
  }
}
