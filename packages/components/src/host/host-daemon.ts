import { Broker, type BrokerEvent } from '@katbus/bus';
import type { DaemonContext, Logger, RunningDaemon } from '@katbus/bus/daemon';
import { countersOf, registerComponentMetrics } from '../component-metrics.ts';
import { untilNameLost } from '../name-loss.ts';
import { Host } from './host.ts';
import { probesFor } from './probes/index.ts';

export interface HostDaemonOptions {
  /** URLs of nats-server, separated by commas. */
  readonly nats: string;
  readonly component: string;
  readonly intervalSeconds: number;
  /** Whether to take the name from a process that has it. */
  readonly takeover?: boolean;
  /** Undefined: nats-server is not looked at. */
  readonly natsMonitoringUrl: URL | undefined;
}

/** Joins the bus as the component `host` and publishes what the probes see. */
export async function startHostDaemon(
  { nats, component, intervalSeconds, takeover = false, natsMonitoringUrl }: HostDaemonOptions,
  { logger, registry }: DaemonContext,
): Promise<RunningDaemon> {
  const broker = await Broker.connect({
    component,
    servers: nats,
    description: 'The machine that Katbus runs on',
    version: '0.1.0',
    takeover,
    waitOnFirstConnect: true,
    onWaiting: (line) => logger.warn(line),
  });
  registerComponentMetrics(registry, 'host', () => countersOf(broker));
  let isConnected = true;
  broker.onEvent((event) => {
    if (event.type === 'connection' && event.status.type === 'disconnected') isConnected = false;
    if (event.type === 'connection' && event.status.type === 'reconnected') isConnected = true;
    logEvent(event, logger);
  });
  let stopLooking = () => undefined as void;
  const ended = untilNameLost(broker, () => stopLooking());
  const probes = probesFor(process.platform, natsMonitoringUrl);
  const host = await Host.start({ broker, probes, logger, intervalSeconds });
  stopLooking = () => host.stop();
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
    ended,
  };
}

function logEvent(event: BrokerEvent, logger: Logger): void {
  switch (event.type) {
    case 'connection':
      if (event.status.type === 'reconnected') logger.info(event.status.detail);
      else if (event.status.type !== 'closed') logger.warn(event.status.detail);
      break;
    case 'stalled':
      logger.warn(`${event.lane} samples are not acknowledged: ${event.reason}`);
      break;
    case 'flowing':
      logger.info(`${event.lane} samples are acknowledged again; ${event.resent} were published again`);
      break;
    case 'dropped':
      logger.warn(`${event.count} ${event.lane} samples were dropped: ${event.reason}`);
      break;
    case 'clock-set-back':
      logger.warn(`the clock was set back by ${event.bySeconds} s: samples follow it, in a new clock epoch`);
      break;
    case 'refused':
      logger.error(`${event.subject} was refused: ${event.reason}`);
      break;
  }
}
