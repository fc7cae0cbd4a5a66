import type { Site } from '@katbus/protocol';
import { Drift } from './drift.ts';
import { relativeHumidity, standardPressure } from './moist-air.ts';
import type { Random } from './random.ts';
import { horizontal, solarHours, sunPosition, turned } from './sky.ts';

export interface Wind {
  /** Mean of the last seconds, m/s. */
  readonly speed: number;
  /** Where it comes from, degrees from north through east. */
  readonly direction: number;
}

export interface WeatherOptions {
  readonly site: Site;
  /** Mean wind speed of the place, m/s. */
  readonly meanWind: number;
}

const HOUR = 3600;
/** Fronts pass twice a day on average. */
const FRONT_EACH_SECONDS = 12 * HOUR;
const GUST_SECONDS = 60;
/** The mean is taken over some minutes, as anemometers do; the array stows by it. */
const MEAN_MEMORY_SECONDS = 120;
/** Of the standard deviation of the wind to its mean, over open ground. */
const TURBULENCE = 0.16;

/** A front: wind, clouds and perhaps rain that come and go within an hour. */
interface Front {
  readonly startsAt: number;
  readonly lastsSeconds: number;
  /** At its height, mm/h; 0: a dry one. */
  readonly rain: number;
}

/** The weather at a dry site: temperature by day and season, dew point, pressure, wind that gusts, rain. */
export class Weather {
  /** Degrees Celsius. */
  temperature = 0;
  dewPoint = 0;
  /** Percent. */
  humidity = 0;
  /** hPa, at the site's height. */
  pressure = 0;
  /** m/s */
  windSpeed = 0;
  meanWindSpeed = 0;
  /** The most within a minute. */
  gustSpeed = 0;
  windDirection = 0;
  /** mm/h */
  rainRate = 0;
  /** mm since local midnight */
  rainToday = 0;
  /** W/m2 */
  irradiance = 0;
  private readonly options: WeatherOptions;
  private readonly random: Random;
  private readonly drifts: Readonly<Record<DriftName, Drift>>;
  private readonly prevailing: number;
  private readonly lastMinute: number[] = [];
  private front: Front;
  private solarDay = NaN;

  constructor(random: Random, options: WeatherOptions, startSeconds: number) {
    this.random = random;
    this.options = options;
    const drift = (name: DriftName) => [name, new Drift(random.fork(name), MEMORY_SECONDS[name])] as const;
    this.drifts = Object.fromEntries(DRIFT_NAMES.map(drift)) as Record<DriftName, Drift>;
    this.prevailing = random.between(0, 360);
    this.front = this.nextFront(startSeconds);
    this.step(1, startSeconds);
    this.meanWindSpeed = this.windSpeed;
  }

  get wind(): Wind {
    return { speed: this.windSpeed, direction: this.windDirection };
  }

  /** @param seconds since the last step @param now Unix seconds */
  step(seconds: number, now: number): void {
    if (now > this.front.startsAt + this.front.lastsSeconds) this.front = this.nextFront(now);
    const front = this.frontStrength(now);
    const cloud = Math.min(1, Math.max(front, 0.25 + 0.35 * this.drifts.cloud.step(seconds)));
    this.stepSun(now, cloud);
    this.stepAir(seconds, now, cloud, front);
    this.stepWind(seconds, now, front);
    this.stepRain(seconds, now, front);
  }

  private stepSun(now: number, cloud: number): void {
    const { elevation } = horizontal(sunPosition(now), this.options.site, now);
    const height = Math.max(0, Math.sin((elevation * Math.PI) / 180));
    this.irradiance = 1_080 * height ** 1.15 * (1 - 0.75 * cloud);
  }

  private stepAir(seconds: number, now: number, cloud: number, front: number): void {
    const { latitude, longitude, elevation } = this.options.site;
    const hours = solarHours(now, longitude);
    const yearTurn = ((now / 86_400 - 20) / 365.25) * 2 * Math.PI; // coldest (north) or hottest (south) near 20 January
    const season = -Math.sign(latitude) * 0.25 * Math.abs(latitude) * Math.cos(yearTurn);
    const yearMean = 29 - 0.3 * Math.abs(latitude) - 0.002 * elevation;
    const day = 8 * (1 - 0.5 * cloud) * Math.cos(((hours - 15) / 24) * 2 * Math.PI);
    this.temperature = yearMean + season + day - 4 * front + 1.5 * this.drifts.temperature.step(seconds);
    const dry = yearMean + season - 13 + 3 * this.drifts.dewPoint.step(seconds);
    // Rain brings its own water; air cannot hold more than it can hold.
    const wet = this.front.rain > 0 ? Math.min(1, 2.5 * front) : 0;
    this.dewPoint = Math.min(this.temperature - 0.2, dry + wet * Math.max(0, this.temperature - 1 - dry));
    this.humidity = relativeHumidity(this.temperature, this.dewPoint);
    const tide = 1.1 * Math.cos(((hours - 10) / 12) * 2 * Math.PI);
    this.pressure = standardPressure(elevation) + 4 * this.drifts.pressure.step(seconds) + tide - 3 * front;
  }

  private stepWind(seconds: number, now: number, front: number): void {
    const hours = solarHours(now, this.options.site.longitude);
    const byDay = 1 + 0.35 * Math.cos(((hours - 15) / 24) * 2 * Math.PI);
    const slow = Math.exp(0.25 * this.drifts.wind.step(seconds));
    const mean = this.options.meanWind * byDay * slow * (1 + 1.2 * front);
    const turbulence = this.drifts.turbulence.step(seconds);
    this.windSpeed = Math.max(0, mean * (1 + TURBULENCE * turbulence));
    const kept = Math.exp(-seconds / MEAN_MEMORY_SECONDS);
    this.meanWindSpeed = kept * this.meanWindSpeed + (1 - kept) * this.windSpeed;
    this.lastMinute.push(this.windSpeed);
    if (this.lastMinute.length > GUST_SECONDS) this.lastMinute.shift();
    this.gustSpeed = Math.max(...this.lastMinute);
    const turn = 25 * this.drifts.direction.step(seconds) + 6 * turbulence;
    this.windDirection = turned(this.prevailing + turn + 60 * front);
  }

  private stepRain(seconds: number, now: number, front: number): void {
    const solarDay = Math.floor(now / 86_400 + this.options.site.longitude / 360);
    if (solarDay !== this.solarDay) this.rainToday = 0;
    this.solarDay = solarDay;
    const shower = Math.max(0, 1 + 0.6 * this.drifts.shower.step(seconds));
    this.rainRate = front > 0.3 ? this.front.rain * (front - 0.3) * shower : 0;
    this.rainToday += (this.rainRate * seconds) / HOUR;
  }

  /** 0 when none is here, 1 at its height. */
  private frontStrength(now: number): number {
    const share = (now - this.front.startsAt) / this.front.lastsSeconds;
    return share <= 0 || share >= 1 ? 0 : Math.sin(Math.PI * share) ** 2;
  }

  private nextFront(now: number): Front {
    return {
      startsAt: now + this.random.exponential(FRONT_EACH_SECONDS),
      lastsSeconds: this.random.between(0.7, 2) * HOUR,
      rain: this.random.next() < 0.6 ? this.random.between(0.5, 15) : 0,
    };
  }
}

/** How long each wandering part of the weather remembers. */
const MEMORY_SECONDS = {
  temperature: 3 * HOUR,
  dewPoint: 8 * HOUR,
  pressure: 12 * HOUR,
  cloud: 2 * HOUR,
  wind: HOUR / 2,
  turbulence: 6,
  direction: HOUR / 2,
  shower: 120,
} as const;
type DriftName = keyof typeof MEMORY_SECONDS;
const DRIFT_NAMES = Object.keys(MEMORY_SECONDS) as DriftName[];
