import {
  daemonCommand,
  monitoringUrlOf,
  natsMonitoringOption,
  numberWithin,
  runDaemon,
  takeoverOption,
  type DaemonOptions,
  type NatsMonitoringOptions,
  type TakeoverOptions,
} from '@katbus/bus/daemon';
import { Option, type Command } from 'commander';
import { startHostDaemon } from './host/host-daemon.ts';
import { telescopeCommand } from './telescope/telescope-command.ts';

interface HostCommandOptions extends DaemonOptions, NatsMonitoringOptions, TakeoverOptions {
  readonly component: string;
  readonly interval: number;
}

export function commands(): Command[] {
  return [hostCommand(), telescopeCommand()];
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
    .addOption(natsMonitoringOption())
    .addOption(takeoverOption())
    .addHelpText('after', '\nExample:\n  katbus host --component lab_pc --interval 5')
    .action((options: HostCommandOptions) =>
      runDaemon('host', options, (context) => {
        const monitoringUrl = monitoringUrlOf(options);
        return startHostDaemon(
          {
            nats: options.nats,
            component: options.component,
            intervalSeconds: options.interval,
            takeover: options.takeover === true,
            natsMonitoringUrl: monitoringUrl === undefined ? undefined : new URL(monitoringUrl),
          },
          context,
        );
      }),
    );
}

export { parseReceptors } from './telescope/telescope-command.ts';
