import { Option, type Command } from 'commander';
import type { StreamSettings } from '../nats/index.ts';
import { numberWithin } from './options.ts';

/** The sizes of the streams as they stand on a command line. */
export interface StreamOptions {
  readonly replicas?: number;
  readonly archiveDays?: number;
  readonly archiveGib?: number;
  readonly liveMinutes?: number;
}

/** Adds the options of whoever sets up the streams: `katbus setup`, `katbus store` and `katbus up`. */
export function addStreamOptions(command: Command): Command {
  const option = (flags: string, text: string, variable: string, least: number, most: number, unit: string) =>
    new Option(flags, text).env(variable).argParser(numberWithin(least, most, unit));
  return command
    .addOption(
      option('--replicas <n>', 'copies of each stream; default 1', 'KATBUS_REPLICAS', 1, 5, 'copies'),
    )
    .addOption(
      option(
        '--archive-days <days>',
        'how long ARCHIVE keeps samples; default 7',
        'KATBUS_ARCHIVE_DAYS',
        0.001,
        3650,
        'days',
      ),
    )
    .addOption(
      option(
        '--archive-gib <GiB>',
        'most bytes of ARCHIVE; default a fifth of the free disk',
        'KATBUS_ARCHIVE_GIB',
        0.01,
        1e6,
        'GiB',
      ),
    )
    .addOption(
      option(
        '--live-minutes <minutes>',
        'how long LIVE keeps samples; default 10',
        'KATBUS_LIVE_MINUTES',
        0.1,
        1440,
        'minutes',
      ),
    );
}

export function streamSettings(options: StreamOptions): StreamSettings {
  const { replicas, archiveDays, archiveGib, liveMinutes } = options;
  return {
    replicas,
    archiveMaxAgeSeconds: archiveDays === undefined ? undefined : archiveDays * 86_400,
    archiveMaxBytes: archiveGib === undefined ? undefined : Math.round(archiveGib * 1024 ** 3),
    liveMaxAgeSeconds: liveMinutes === undefined ? undefined : liveMinutes * 60,
  };
}
