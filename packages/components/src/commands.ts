import { daemonCommand, numberWithin, type DaemonOptions, runDaemon } from '@katbus/bus/daemon';
import { Option, type Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { startHostDaemon } from './host/host-daemon.ts';

interface HostCommandOptions extends DaemonOptions {
  readonly component: string;
  readonly interval: number;
  readonly natsMonitoring: URL | 'none';
}

export function commands(): Command[] {
  return [hostCommand()];
}

function hostCommand(): Command {
  return daemonCommand('host', 'publish the sensors of this machine')
    .addOption(
      new Option('--component <name>', 'component that the sensors belong to')
        .env('KATBUS_HOST_COMPONENT')
        .default('host'),
    )
    .addOption(
      new Option('--interval <seconds>', 'time between two looks')
        .env('KATBUS_HOST_INTERVAL')
        .argParser(numberWithin(0.1, 3600, 'seconds'))
        .default(1),
    )
    .addOption(
      new Option('--nats-monitoring <url>', "nats-server's monitoring, or none")
        .env('KATBUS_NATS_MONITORING')
        .argParser(parseMonitoring)
        .default(new URL('http://127.0.0.1:8222'), 'http://127.0.0.1:8222'),
    )
    .addHelpText('after', '\nExample:\n  katbus host --component lab_pc --interval 5')
    .action((options: HostCommandOptions) =>
      runDaemon('host', options, (context) =>
        startHostDaemon(
          {
            nats: options.nats,
            component: options.component,
            intervalSeconds: options.interval,
            natsMonitoringUrl: options.natsMonitoring === 'none' ? undefined : options.natsMonitoring,
          },
          context,
        ),
      ),
    );
}

function parseMonitoring(text: string): URL | 'none' {
  if (text === 'none') return 'none';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InvalidArgumentError('It is an http:// address such as http://127.0.0.1:8222, or none.');
  }
  return url;
}
