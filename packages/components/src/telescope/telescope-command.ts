import {
  daemonCommand,
  numberWithin,
  runDaemon,
  takeoverOption,
  type DaemonOptions,
  type TakeoverOptions,
} from '@katbus/bus/daemon';
import { MEERKAT } from '@katbus/protocol';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { startTelescopeDaemon } from './telescope-daemon.ts';
import { MOST_RECEPTORS, MOST_SENSORS, TELESCOPE_DEFAULTS } from './telescope-model.ts';

interface TelescopeCommandOptions extends DaemonOptions, TakeoverOptions {
  readonly receptors: number;
  readonly sensors?: number;
  readonly rate: number;
  readonly seed: string;
  readonly faults: number;
  readonly speed: number;
  readonly meanWind: number;
  readonly siteName: string;
  readonly siteLatitude: number;
  readonly siteLongitude: number;
  readonly siteElevation: number;
}

/** `katbus telescope`. */
export function telescopeCommand(): Command {
  const option = (flags: string, text: string, variable: string) => new Option(flags, text).env(variable);
  return daemonCommand(
    'telescope',
    'publish a simulated array: weather, receptors, receivers, and faults that happen',
  )
    .addOption(
      option('--receptors <n>', `antennas, 1 to ${MOST_RECEPTORS}`, 'KATBUS_TELESCOPE_RECEPTORS')
        .argParser(parseReceptors)
        .default(TELESCOPE_DEFAULTS.receptors),
    )
    .addOption(
      option(
        '--sensors <n>',
        `sensors of all components together, at most ${MOST_SENSORS}; default: as many as the receptors have, about 30 each`,
        'KATBUS_TELESCOPE_SENSORS',
      ).argParser(wholeWithin(1, MOST_SENSORS, 'sensors')),
    )
    .addOption(
      option('--rate <Hz>', 'how often each sensor is read', 'KATBUS_TELESCOPE_RATE')
        .argParser(numberWithin(0.01, 10, 'Hz'))
        .default(1),
    )
    .addOption(
      option(
        '--seed <text>',
        'the same seed gives the same noise and the same faults',
        'KATBUS_TELESCOPE_SEED',
      ).default(TELESCOPE_DEFAULTS.seed),
    )
    .addOption(
      option(
        '--faults <factor>',
        'how often faults happen: 1 about one a minute, 0 never',
        'KATBUS_TELESCOPE_FAULTS',
      )
        .argParser(numberWithin(0, 1_000, 'times'))
        .default(TELESCOPE_DEFAULTS.faults),
    )
    .addOption(
      option(
        '--speed <factor>',
        'how much faster than real time the sky turns, the weather changes and faults happen',
        'KATBUS_TELESCOPE_SPEED',
      )
        .argParser(numberWithin(0.1, 100, 'times'))
        .default(1),
    )
    .addOption(
      option(
        '--mean-wind <m/s>',
        'mean wind speed of the place; above 10 the array is often stowed',
        'KATBUS_TELESCOPE_MEAN_WIND',
      )
        .argParser(numberWithin(0, 60, 'm/s'))
        .default(TELESCOPE_DEFAULTS.meanWind),
    )
    .addOption(option('--site-name <name>', 'the observatory', 'KATBUS_SITE_NAME').default(MEERKAT.name))
    .addOption(
      option('--site-latitude <degrees>', 'north positive', 'KATBUS_SITE_LATITUDE')
        .argParser(numberWithin(-90, 90, 'degrees'))
        .default(MEERKAT.latitude),
    )
    .addOption(
      option('--site-longitude <degrees>', 'east positive', 'KATBUS_SITE_LONGITUDE')
        .argParser(numberWithin(-180, 180, 'degrees'))
        .default(MEERKAT.longitude),
    )
    .addOption(
      option('--site-elevation <metres>', 'above the ellipsoid', 'KATBUS_SITE_ELEVATION')
        .argParser(numberWithin(-500, 10_000, 'metres'))
        .default(MEERKAT.elevation),
    )
    .addOption(takeoverOption())
    .addHelpText(
      'after',
      '\nThe components are anc (weather), array, cbf (correlator) and a receptor each: m000, m001, ...\n' +
        '\nExamples:\n  katbus telescope --receptors 4 --faults 20\n  katbus telescope --sensors 200000\n  katbus telescope --mean-wind 15',
    )
    .action((options: TelescopeCommandOptions) =>
      runDaemon('telescope', options, (context) =>
        Promise.resolve(startTelescopeDaemon(settingsOf(options), context)),
      ),
    );
}

/** How many antennas. @throws {InvalidArgumentError} */
export const parseReceptors = wholeWithin(1, MOST_RECEPTORS, 'receptors');

function settingsOf(options: TelescopeCommandOptions) {
  const { nats, receptors, sensors, rate, seed, faults, speed, meanWind } = options;
  const site = {
    name: options.siteName,
    latitude: options.siteLatitude,
    longitude: options.siteLongitude,
    elevation: options.siteElevation,
  };
  return {
    nats,
    receptors,
    sensors,
    rate,
    seed,
    faults,
    speed,
    meanWind,
    site,
    takeover: options.takeover === true,
  };
}

function wholeWithin(least: number, most: number, unit: string): (text: string) => number {
  const parse = numberWithin(least, most, unit);
  return (text) => {
    const value = parse(text);
    if (!Number.isInteger(value))
      throw new InvalidArgumentError(`It is ${least} to ${most} ${unit}, a whole number.`);
    return value;
  };
}
