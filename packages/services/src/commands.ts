import { daemonCommand, numberWithin, type DaemonOptions, runDaemon } from '@katbus/bus/daemon';
import { Option, type Command } from 'commander';
import { ClockService } from './clock/clock-service.ts';
import { MEERKAT } from './clock/site.ts';
import { componentCommand } from './presence/component-command.ts';
import { PresenceMetrics } from './presence/presence-metrics.ts';
import { PresenceService } from './presence/presence-service.ts';
import { startServicesDaemon } from './services-daemon.ts';

interface ServicesCommandOptions extends DaemonOptions {
  readonly siteName: string;
  readonly siteLatitude: number;
  readonly siteLongitude: number;
  readonly siteElevation: number;
  readonly dut1: number;
}

export function commands(): Command[] {
  return [servicesCommand(), componentCommand()];
}

function servicesCommand(): Command {
  return daemonCommand(
    'services',
    "publish what an observatory has beside sensors: the site's clock, which components are there",
    8093,
  )
    .addOption(
      new Option('--site-name <name>', 'the observatory').env('KATBUS_SITE_NAME').default(MEERKAT.name),
    )
    .addOption(
      new Option('--site-latitude <degrees>', 'north positive')
        .env('KATBUS_SITE_LATITUDE')
        .argParser(numberWithin(-90, 90, 'degrees'))
        .default(MEERKAT.latitude),
    )
    .addOption(
      new Option('--site-longitude <degrees>', 'east positive')
        .env('KATBUS_SITE_LONGITUDE')
        .argParser(numberWithin(-180, 180, 'degrees'))
        .default(MEERKAT.longitude),
    )
    .addOption(
      new Option('--site-elevation <metres>', 'above the ellipsoid')
        .env('KATBUS_SITE_ELEVATION')
        .argParser(numberWithin(-500, 10_000, 'metres'))
        .default(MEERKAT.elevation),
    )
    .addOption(
      new Option('--dut1 <seconds>', 'UT1 - UTC, for sidereal time')
        .env('KATBUS_DUT1_SECONDS')
        .argParser(numberWithin(-1, 1, 'seconds'))
        .default(0),
    )
    .addHelpText(
      'after',
      "\nThe default site is MeerKAT's.\n\nExample:\n" +
        '  katbus services --site-name "Lab roof" --site-latitude 48.26 --site-longitude=11.67 --site-elevation 490',
    )
    .action((options: ServicesCommandOptions) =>
      runDaemon('services', options, (context) => {
        const site = {
          name: options.siteName,
          latitude: options.siteLatitude,
          longitude: options.siteLongitude,
          elevation: options.siteElevation,
        };
        return startServicesDaemon(
          options.nats,
          [
            new ClockService({ site, dut1Seconds: options.dut1 }),
            new PresenceService({ metrics: new PresenceMetrics(context.registry) }),
          ],
          context,
        );
      }),
    );
}
