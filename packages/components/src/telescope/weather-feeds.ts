import { floatFeed, type Feed } from './feed.ts';
import type { Weather } from './weather.ts';
import { STOW_GUST, STOW_MEAN_WIND } from './wind-stow.ts';

/** The sensors of the weather station. */
export function weatherFeeds(weather: Weather): Feed[] {
  const wind = (name: string, description: string, limit: number, value: () => number) =>
    floatFeed({
      name: `weather.${name}`,
      description,
      units: 'm/s',
      decimals: 1,
      pace: 'quick',
      range: [0, 40],
      bounds: { warnAbove: 0.75 * limit, errorAbove: limit },
      value,
    });
  return [
    floatFeed({
      name: 'weather.air-temperature',
      description: 'Air temperature, 2 m above ground',
      units: 'degC',
      decimals: 1,
      pace: 'steady',
      range: [-20, 50],
      bounds: { errorBelow: -15, warnBelow: -5, warnAbove: 38, errorAbove: 45 },
      value: () => weather.temperature,
    }),
    floatFeed({
      name: 'weather.dew-point',
      description: 'Temperature at which the water in the air would condense',
      units: 'degC',
      decimals: 1,
      pace: 'steady',
      range: [-30, 35],
      value: () => weather.dewPoint,
    }),
    floatFeed({
      name: 'weather.relative-humidity',
      description: 'Relative humidity',
      units: '%',
      decimals: 1,
      pace: 'steady',
      range: [0, 100],
      bounds: { warnAbove: 95 },
      deadBand: 0.2,
      value: () => weather.humidity,
    }),
    floatFeed({
      name: 'weather.pressure',
      description: "Air pressure at the station's height",
      units: 'hPa',
      decimals: 1,
      pace: 'steady',
      range: [500, 1_060],
      value: () => weather.pressure,
    }),
    wind('wind-speed', 'Wind speed, mean of some seconds', STOW_GUST, () => weather.windSpeed),
    wind(
      'mean-wind-speed',
      'Wind speed, mean of some minutes; the array stows by it',
      STOW_MEAN_WIND,
      () => weather.meanWindSpeed,
    ),
    wind(
      'gust-speed',
      'Highest wind speed within a minute; the array stows by it',
      STOW_GUST,
      () => weather.gustSpeed,
    ),
    floatFeed({
      name: 'weather.wind-direction',
      description: 'Where the wind comes from, from north through east',
      units: 'deg',
      decimals: 0,
      pace: 'quick',
      range: [0, 360],
      deadBand: 1,
      value: () => weather.windDirection,
    }),
    floatFeed({
      name: 'weather.rainfall-rate',
      description: 'Rain that falls now',
      units: 'mm/h',
      decimals: 1,
      pace: 'steady',
      range: [0, 100],
      bounds: { warnAbove: 0, errorAbove: 20 },
      value: () => weather.rainRate,
    }),
    floatFeed({
      name: 'weather.rainfall-today',
      description: 'Rain since midnight, mean solar time of the site',
      units: 'mm',
      decimals: 1,
      pace: 'slow',
      range: [0, 200],
      value: () => weather.rainToday,
    }),
    floatFeed({
      name: 'weather.irradiance',
      description: 'Sunlight on a level surface',
      units: 'W/m2',
      decimals: 0,
      pace: 'steady',
      range: [0, 1_200],
      deadBand: 2,
      value: () => weather.irradiance,
    }),
  ];
}
