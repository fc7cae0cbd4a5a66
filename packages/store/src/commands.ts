import {
  addStreamOptions,
  daemonCommand,
  monitoringUrlOf,
  natsMonitoringOption,
  numberWithin,
  runDaemon,
  streamSettings,
} from '@katbus/bus/daemon';
import type { DaemonOptions, StreamOptions } from '@katbus/bus/daemon';
import { Option, type Command } from 'commander';
import { ARCHIVER_DEFAULTS } from './archiver/archiver-options.ts';
import { CATALOGUE_DEFAULTS } from './backend/cassandra/catalogue/catalogue-options.ts';
import { CHUNKS_DEFAULTS, LEAST_SEAL_AFTER_SECONDS } from './backend/cassandra/chunks/chunks-options.ts';
import { LAYOUTS, type LayoutName } from './backend/cassandra/layout.ts';
import {
  addCassandraOptions,
  cassandraOptionsOf,
  type CassandraCommandOptions,
} from './cassandra-command-options.ts';
import { ELECTION_DEFAULTS } from './election/election-options.ts';
import { QUARANTINE_BYTES } from './backend/quarantine-bound.ts';
import { KEEPING_DEFAULTS } from './backend/sqlite/closing/day-keeping.ts';
import { copyCommand } from './copy/copy-command.ts';
import { daysCommand } from './days-command.ts';
import { gapsCommand } from './gaps-command.ts';
import { BACKENDS, type BackendName } from './open-backend.ts';
import { monCommand } from './mon/mon-command.ts';
import { quarantineCommand } from './quarantine-command.ts';
import { reportCommand } from './report-command.ts';
import { sizingCommand } from './sizing/sizing-command.ts';
import { startStore } from './store-daemon.ts';

interface StoreCommandOptions extends DaemonOptions, StreamOptions, CassandraCommandOptions {
  readonly data: string;
  readonly backend: BackendName;
  readonly layout: LayoutName;
  readonly latestSeconds: number;
  readonly setBackSeconds: number;
  readonly sealEverySeconds: number;
  readonly sealAfterSeconds: number;
  readonly maxDelay: number;
  readonly batchSamples?: number;
  readonly quarantineMib: number;
  readonly keepDays: number;
  readonly closeAfter: number;
  readonly leaseSeconds: number;
  readonly setup: boolean;
  readonly natsMonitoring?: string;
}

/** `katbus store` and `katbus quarantine`. */
export function commands(): Command[] {
  return [storeCommand(), quarantineCommand(), reportCommand(), copyCommand(), sizingCommand()];
}

function storeCommand(): Command {
  const command = daemonCommand(
    'store',
    'archive samples, and serve history, latest values and the catalogue',
    8091,
  )
    .addOption(
      new Option('--data <folder>', 'where the samples are kept')
        .env('KATBUS_STORE_DATA')
        .default('./var/store'),
    )
    .addOption(
      new Option('--backend <name>', 'how they are kept; memory forgets everything at the end')
        .env('KATBUS_STORE_BACKEND')
        .choices(BACKENDS)
        .default('sqlite'),
    )
    .addOption(
      new Option('--layout <name>', 'of cassandra: how samples lie in it')
        .env('KATBUS_STORE_LAYOUT')
        .choices(LAYOUTS)
        .default('chunks'),
    )
    .addOption(
      new Option('--latest-seconds <seconds>', 'of cassandra: how often a latest value is written at most')
        .env('KATBUS_STORE_LATEST_SECONDS')
        .argParser(numberWithin(1, 3_600, 'seconds'))
        .default(CATALOGUE_DEFAULTS.latestSeconds),
    )
    .addOption(
      new Option(
        '--set-back-seconds <seconds>',
        'of cassandra: how much of what it acknowledged a crash of a node may take, with a margin',
      )
        .env('KATBUS_STORE_SET_BACK_SECONDS')
        .argParser(numberWithin(10, 3_600, 'seconds'))
        .default(CATALOGUE_DEFAULTS.setBackSeconds),
    )
    .addOption(
      new Option(
        '--seal-every-seconds <seconds>',
        'of layout chunks: how often the journal is made into chunks',
      )
        .env('KATBUS_STORE_SEAL_EVERY_SECONDS')
        .argParser(numberWithin(60, 86_400, 'seconds'))
        .default(CHUNKS_DEFAULTS.sealEverySeconds),
    )
    .addOption(
      new Option(
        '--seal-after-seconds <seconds>',
        'of layout chunks: how long after that, as writes may be late',
      )
        .env('KATBUS_STORE_SEAL_AFTER_SECONDS')
        .argParser(numberWithin(LEAST_SEAL_AFTER_SECONDS, 86_400, 'seconds'))
        .default(CHUNKS_DEFAULTS.sealAfterSeconds),
    )
    .addOption(
      new Option('--max-delay <seconds>', 'a sample is stored so long after it was published')
        .env('KATBUS_STORE_MAX_DELAY')
        .argParser(numberWithin(0.05, 60, 'seconds'))
        .default(ARCHIVER_DEFAULTS.maxDelayMs / 1000),
    )
    .addOption(
      new Option(
        '--batch-samples <n>',
        `most samples written at once (default: ${ARCHIVER_DEFAULTS.batchMessages}; cassandra: 200000)`,
      )
        .env('KATBUS_STORE_BATCH_SAMPLES')
        .argParser(numberWithin(1, 500_000, 'samples')),
    )
    .addOption(
      new Option('--quarantine-mib <MiB>', 'how much of what cannot be stored is kept aside')
        .env('KATBUS_STORE_QUARANTINE_MIB')
        .argParser(numberWithin(0, 1e6, 'MiB'))
        .default(QUARANTINE_BYTES / 1024 ** 2),
    )
    .addOption(
      new Option('--keep-days <n>', 'days before today that are kept; 0: all')
        .env('KATBUS_STORE_KEEP_DAYS')
        .argParser(numberWithin(0, 100_000, 'days'))
        .default(KEEPING_DEFAULTS.keepDays),
    )
    .addOption(
      new Option('--close-after <hours>', 'a day is rewritten into chunks so long after its end')
        .env('KATBUS_STORE_CLOSE_AFTER')
        .argParser(numberWithin(0.01, 1e6, 'hours'))
        .default(KEEPING_DEFAULTS.closeAfterMs / 3_600_000),
    )
    .addOption(
      new Option(
        '--lease-seconds <seconds>',
        'of several stores, another one takes over when the active one is silent for so long',
      )
        .env('KATBUS_STORE_LEASE_SECONDS')
        .argParser(numberWithin(1, 600, 'seconds'))
        .default(ELECTION_DEFAULTS.leaseSeconds),
    )
    .addOption(natsMonitoringOption())
    .addOption(new Option('--no-setup', 'leave the streams alone: somebody else runs "katbus setup"'));
  return addStreamOptions(addCassandraOptions(command))
    .addCommand(daysCommand())
    .addCommand(gapsCommand())
    .addCommand(monCommand())
    .addHelpText('after', '\nExample:\n  katbus store --data /var/lib/katbus --archive-days 14')
    .action((options: StoreCommandOptions) =>
      runDaemon('store', options, (context) =>
        startStore(
          {
            nats: options.nats,
            backend: options.backend,
            directory: options.data,
            cassandra: {
              cassandra: { ...cassandraOptionsOf(options), keepDays: options.keepDays },
              layout: options.layout,
              quarantineBytes: options.quarantineMib * 1024 ** 2,
              latestSeconds: options.latestSeconds,
              setBackSeconds: options.setBackSeconds,
              chunks: {
                sealEverySeconds: options.sealEverySeconds,
                sealAfterSeconds: options.sealAfterSeconds,
              },
            },
            quarantineBytes: options.quarantineMib * 1024 ** 2,
            keepDays: Math.ceil(options.keepDays),
            closeAfterMs: options.closeAfter * 3_600_000,
            archiver: {
              maxDelayMs: options.maxDelay * 1000,
              batchMessages: options.batchSamples && Math.floor(options.batchSamples),
            },
            election: { leaseSeconds: options.leaseSeconds },
            setup: options.setup
              ? { settings: streamSettings(options), monitoringUrl: monitoringUrlOf(options) }
              : undefined,
          },
          context,
        ),
      ),
    );
}
