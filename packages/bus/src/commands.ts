import { Command } from 'commander';
import { explainCommand } from './commands/explain.ts';
import { policyCommand } from './commands/policy.ts';
import {
  addStreamOptions,
  monitoringUrlOf,
  natsMonitoringOption,
  natsOption,
  streamSettings,
  type NatsMonitoringOptions,
  type StreamOptions,
} from './daemon/index.ts';
import { BusConnection } from './nats/index.ts';
import { setupBus } from './stream-setup.ts';

interface SetupOptions extends StreamOptions, NatsMonitoringOptions {
  readonly nats: string;
}

/** `katbus setup`, `policy` and `explain`. */
export function commands(): Command[] {
  const setup = new Command('setup')
    .description(
      'create the streams and the bucket of the policies, or bring them to what the options say; may be run at any time',
    )
    .addOption(natsOption())
    .addOption(natsMonitoringOption());
  return [addStreamOptions(setup).action(runSetup), policyCommand(), explainCommand()];
}

async function runSetup(options: SetupOptions): Promise<void> {
  const connection = await BusConnection.connect({ servers: options.nats, name: 'katbus-setup' });
  try {
    const { lines } = await setupBus(connection, {
      settings: streamSettings(options),
      monitoringUrl: monitoringUrlOf(options),
    });
    for (const line of lines) console.log(line);
  } finally {
    await connection.close();
  }
}
