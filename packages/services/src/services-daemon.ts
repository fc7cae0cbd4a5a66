import { BusConnection } from '@katbus/bus/nats';
import type { DaemonContext, RunningDaemon } from '@katbus/bus/daemon';
import type { RunningService, Service } from './service.ts';

/**
 * Runs services on one connection. When one cannot start, those that have are stopped again.
 * @param servers URLs of nats-server, separated by commas
 */
export async function startServicesDaemon(
  servers: string,
  services: readonly Service[],
  { logger }: DaemonContext,
): Promise<RunningDaemon> {
  const connection = await BusConnection.connect({
    servers,
    name: 'services',
    waitOnFirstConnect: true,
    onWaiting: (line) => logger.warn(line),
  });
  connection.onStatus(({ type, detail }) => {
    if (type !== 'closed') logger[type === 'reconnected' ? 'info' : 'warn'](detail);
  });
  const running: RunningService[] = [];
  const stop = async () => {
    for (const service of running.splice(0).reverse()) await service.stop();
    await connection.drain();
  };
  try {
    for (const service of services) running.push(await service.start({ connection, logger }));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    readiness: () => running.map((service) => service.readiness()).find((reason) => reason !== undefined),
    stop,
  };
}
