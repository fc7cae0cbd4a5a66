import { DEFAULT_NATS_URL } from '@katbus/bus';
import { LOG_LEVELS, monitoringUrlOf, parseMonitoringUrl, parsePort } from '@katbus/bus/daemon';
import { parseReceptors } from '@katbus/components/commands';
import { Command, Option } from 'commander';
import { resolve } from 'node:path';
import { PORT_NAMES, planPorts, PORTS, type PortName } from '../up/port-plan.ts';
import { up } from '../up/up.ts';

/** The ports beside, named as commander names an option's value: `--store-monitoring-port` is `storeMonitoringPort`. */
interface UpOptions {
  readonly nats?: string;
  readonly natsServer: boolean;
  readonly natsMonitoring?: string;
  readonly portsFrom?: number;
  readonly telescope: boolean;
  readonly receptors: number;
  readonly data: string;
  readonly logLevel: string;
}

export function upCommand(): Command {
  const command = new Command('up')
    .description(
      'Starts nats-server, store, services, portal, the host component and a simulated telescope on this machine, shows their ' +
        'log lines, and keeps them running until Ctrl-C.',
    )
    .addOption(new Option('--nats <url>', 'use this nats-server and start none').env('KATBUS_NATS'))
    .addOption(new Option('--no-nats-server', `the same with ${DEFAULT_NATS_URL}`))
    .addOption(
      new Option('--nats-monitoring <url>', 'HTTP monitoring of that nats-server, or none')
        .env('KATBUS_NATS_MONITORING')
        .argParser(parseMonitoringUrl),
    )
    .addOption(new Option('--no-telescope', 'without the simulated telescope'))
    .addOption(
      new Option('--receptors <n>', 'antennas of the simulated telescope')
        .env('KATBUS_TELESCOPE_RECEPTORS')
        .argParser(parseReceptors)
        .default(64),
    )
    .addOption(new Option('--data <folder>', 'where everything is kept').env('KATBUS_DATA').default('./var'))
    .addOption(
      new Option('--log-level <level>', 'least level to show')
        .env('KATBUS_LOG_LEVEL')
        .choices(LOG_LEVELS)
        .default('info'),
    )
    .addOption(
      new Option('--ports-from <port>', `all ${PORT_NAMES.length} ports, from this one on; 0: any free ones`)
        .env('KATBUS_PORTS_FROM')
        .argParser(parsePort),
    );
  for (const { what, option, env, standard } of Object.values(PORTS)) {
    command.addOption(
      new Option(`${option} <port>`, `port of ${what}; default ${standard}`).env(env).argParser(parsePort),
    );
  }
  return command
    .addHelpText(
      'after',
      '\nA port of 0 is any free one. The daemons take their further options from the environment variables that their own\n' +
        'help names, for example: KATBUS_ARCHIVE_DAYS=30 katbus up\n' +
        '\nExamples:\n  katbus up\n  katbus up --no-telescope\n  katbus up --ports-from 9000 --data /tmp/katbus',
    )
    .action(runUp);
}

async function runUp(options: UpOptions): Promise<void> {
  const natsUrl = options.nats ?? (options.natsServer ? undefined : DEFAULT_NATS_URL);
  const ports = await planPorts(
    givenPorts(options),
    options.portsFrom,
    unusedPorts(natsUrl !== undefined, !options.telescope),
  );
  const nats = natsUrl === undefined ? undefined : { url: natsUrl, monitoringUrl: monitoringUrlOf(options) };
  const receptors = options.telescope ? options.receptors : undefined;
  process.exitCode = await up({
    ports,
    nats,
    receptors,
    data: resolve(options.data),
    logLevel: options.logLevel,
  });
}

function unusedPorts(hasServer: boolean, hasNoTelescope: boolean): PortName[] {
  return [
    ...(hasServer ? (['nats', 'natsMonitoring'] as const) : []),
    ...(hasNoTelescope ? (['telescope'] as const) : []),
  ];
}

function givenPorts(options: object): Partial<Record<PortName, number>> {
  const values = options as Readonly<Record<string, unknown>>;
  const given = PORT_NAMES.map(
    (name) => [name, values[new Option(PORTS[name].option).attributeName()]] as const,
  );
  return Object.fromEntries(given.filter(([, port]) => port !== undefined));
}
