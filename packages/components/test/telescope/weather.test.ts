import { MEERKAT } from '@katbus/protocol';
import { describe, expect, it } from 'vitest';
import { relativeHumidity, standardPressure } from '../../src/telescope/moist-air.ts';
import { Random } from '../../src/telescope/random.ts';
import { solarHours } from '../../src/telescope/sky.ts';
import { Weather } from '../../src/telescope/weather.ts';
import { WindStow } from '../../src/telescope/wind-stow.ts';

const START = Date.parse('2026-11-22T00:00:00Z') / 1000;
const STEP = 10;
/** What is shown of a weather that cannot be. */
const NUMBERS = [
  'temperature',
  'dewPoint',
  'humidity',
  'pressure',
  'windSpeed',
  'gustSpeed',
  'windDirection',
  'rainRate',
];

function overDays(days: number, look: (weather: Weather, hours: number) => void, seed = 'w'): Weather {
  const weather = new Weather(new Random(seed), { site: MEERKAT, meanWind: 5 }, START);
  for (let now = START; now < START + days * 86_400; now += STEP) {
    weather.step(STEP, now);
    look(weather, solarHours(now, MEERKAT.longitude));
  }
  return weather;
}

describe('the weather', () => {
  it('keeps to what air can do: dew point below temperature, humidity below 100 %, no wind below zero', () => {
    let rained = 0;
    overDays(20, (weather) => {
      const holds =
        weather.dewPoint <= weather.temperature &&
        weather.humidity > 0 &&
        weather.humidity <= 100 &&
        weather.windSpeed >= 0 &&
        weather.gustSpeed >= weather.windSpeed &&
        weather.windDirection >= 0 &&
        weather.windDirection < 360 &&
        weather.rainRate >= 0 &&
        (weather.rainRate <= 1 || weather.humidity > 50) &&
        Math.abs(weather.pressure - standardPressure(MEERKAT.elevation)) < 30;
      if (!holds) expect.fail(JSON.stringify(weather, NUMBERS));
      rained = Math.max(rained, weather.rainToday);
    });
    expect(rained).toBeGreaterThan(0);
  });

  it('has days and nights: warm afternoons, cold mornings, sunlight at noon only', () => {
    const [afternoons, mornings]: [number[], number[]] = [[], []];
    overDays(10, (weather, hours) => {
      if (hours > 14 && hours < 16) afternoons.push(weather.temperature);
      if (hours > 2 && hours < 4) mornings.push(weather.temperature);
      if ((hours < 4 || hours > 20) && weather.irradiance > 0) expect.fail('the sun shines at night');
      if (hours > 11 && hours < 13 && weather.irradiance < 200) expect.fail('it is dark at noon');
    });
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
    expect(mean(afternoons) - mean(mornings)).toBeGreaterThan(6);
  });

  it('changes little within seconds: each value follows from the one before', () => {
    const weather = new Weather(new Random('w'), { site: MEERKAT, meanWind: 5 }, START);
    for (let now = START + 1; now < START + 7_200; now += 1) {
      const before = { temperature: weather.temperature, pressure: weather.pressure };
      weather.step(1, now);
      expect(Math.abs(weather.temperature - before.temperature)).toBeLessThan(0.3);
      expect(Math.abs(weather.pressure - before.pressure)).toBeLessThan(0.3);
    }
  });

  it('repeats with its seed', () => {
    const end = (seed: string) => overDays(1, () => undefined, seed).temperature;
    expect(end('a')).toBe(end('a'));
    expect(end('a')).not.toBe(end('b'));
  });
});

describe('moist air', () => {
  it('is saturated at its dew point, and half so where tables say', () => {
    expect(relativeHumidity(20, 20)).toBeCloseTo(100, 6);
    expect(relativeHumidity(25, 13.9)).toBeCloseTo(50, 0);
    expect(standardPressure(0)).toBeCloseTo(1013.25, 6);
    expect(standardPressure(1_000)).toBeCloseTo(898.7, 0);
  });
});

describe('the wind stow', () => {
  const wind = (meanWindSpeed: number, gustSpeed: number) => ({ meanWindSpeed, gustSpeed });

  it('begins with a strong mean or a strong gust, and ends when it has been calm for two minutes', () => {
    for (const strong of [wind(14.5, 16), wind(10, 21)]) {
      const stow = new WindStow();
      stow.step(0, wind(5, 8));
      expect(stow.isActive).toBe(false);
      stow.step(1, strong);
      expect(stow.isActive).toBe(true);
      stow.step(2, wind(12, 14));
      stow.step(500, wind(12, 14));
      expect(stow.isActive).toBe(true);
      stow.step(501, wind(5, 8));
      stow.step(560, wind(12, 14));
      stow.step(561, wind(5, 8));
      stow.step(680, wind(5, 8));
      expect(stow.isActive).toBe(true);
      stow.step(681, wind(5, 8));
      expect(stow.isActive).toBe(false);
    }
  });
});
