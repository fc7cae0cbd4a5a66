import { Broker } from '@katbus/bus';
import type { DaemonContext, RunningDaemon } from '@katbus/bus/daemon';
import { Host } from './host.ts';
import { probesFor } from './probes/index.ts';

export interface HostDaemonOptions {
  /** URLs of nats-server, separated by commas. */
  readonly nats: string;
  readonly component: string;
  readonly intervalSeconds: number;
  /** Undefined: nats-server is not looked at. */
  readonly natsMonitoringUrl: URL | undefined;
}

/** Joins the bus as the component `host` and publishes what the probes see. */
export async function startHostDaemon(
  { nats, component, intervalSeconds, natsMonitoringUrl }: HostDaemonOptions,
  { logger }: DaemonContext,
): Promise<RunningDaemon> {
  const broker = await Broker.connect({
    component,
    servers: nats,
    description: 'The machine that Katbus runs on',
    version: '0.1.0',
    waitOnFirstConnect: true,
    onWaiting: (line) => logger.warn(line),
  });
  let isConnected = true;
  broker.onEvent((event) => {
    if (event.type !== 'connection') return;
    const { type, detail } = event.status;
    if (type === 'disconnected') isConnected = false;
    if (type === 'reconnected') isConnected = true;
    if (type !== 'closed') logger[type === 'reconnected' ? 'info' : 'warn'](detail);
  });
  const probes = probesFor(process.platform, natsMonitoringUrl);
  const host = await Host.start({ broker, probes, logger, intervalSeconds });
  const sensors = [...broker.sensors].length;
  logger.info(
    `publishes ${sensors} sensors of this machine as component ${component}, every ${intervalSeconds} s`,
  );
  return {
    readiness: () => (isConnected ? undefined : 'the connection to NATS is down'),
    stop: async () => {
      host.stop();
      await broker.close();
    },
  };
}
