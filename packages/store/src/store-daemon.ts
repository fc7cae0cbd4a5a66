import { setupBus } from '@katbus/bus';
import type { DaemonContext, RunningDaemon } from '@katbus/bus/daemon';
import { BusConnection, type StreamSettings } from '@katbus/bus/nats';
import type { StoreStatus } from '@katbus/protocol';
import manifest from '../package.json' with { type: 'json' };
import type { ArchiverOptions } from './archiver/archiver-options.ts';
import { Archiver } from './archiver/archiver.ts';
import type { Backend } from './backend/backend.ts';
import { CatalogueNotice } from './history-service/catalogue-notice.ts';
import { HistoryService } from './history-service/history-service.ts';
import { openBackend, type BackendOptions } from './open-backend.ts';
import { StoreMetrics } from './store-metrics.ts';

export interface StoreDaemonOptions extends BackendOptions {
  /** URLs of nats-server, separated by commas. */
  readonly nats: string;
  readonly archiver: ArchiverOptions;
  /** How to make the streams; undefined: they are somebody else's to make. */
  readonly setup:
    { readonly settings: StreamSettings; readonly monitoringUrl?: string | undefined } | undefined;
}

/**
 * Runs archiver and history service on one back end.
 * @throws {StoreError} when the back end cannot be opened
 */
export async function startStore(
  options: StoreDaemonOptions,
  { logger, registry }: DaemonContext,
): Promise<RunningDaemon> {
  const backend = await openBackend(options);
  const { sensors } = await backend.statistics();
  const where =
    options.backend === 'memory' ? 'in memory: gone with this process' : `in ${options.directory}`;
  logger.info(`back end ${backend.name}, ${where}, ${sensors} sensors`);
  const connection = await BusConnection.connect({
    servers: options.nats,
    name: 'store',
    waitOnFirstConnect: true,
    onWaiting: (line) => logger.warn(line),
  });
  connection.onStatus(({ type, detail }) => {
    if (type !== 'closed') logger[type === 'reconnected' ? 'info' : 'warn'](detail);
  });

  const { setup } = options;
  let isFirstSetup = true;
  const prepare = async () => {
    if (setup === undefined) return;
    const { report, lines } = await setupBus(connection, setup);
    // After an interruption it is said again only when it did something.
    const isNews = isFirstSetup || report.streams.some(({ action }) => action !== 'unchanged');
    isFirstSetup = false;
    if (isNews) for (const line of lines) logger.info(line);
  };
  const metrics = new StoreMetrics(registry);
  const notice = new CatalogueNotice(connection, () => archiver.sensors);
  const archiver = new Archiver(
    { connection, backend, logger, metrics, prepare, onCatalogueChanged: () => notice.changed() },
    options.archiver,
  );
  const through = () => archiver.floor?.sequence ?? 0;
  metrics.watch({
    state: () => archiver.status.state,
    floorSequence: through,
    lagMessages: () => archiver.lagMessages(),
    statistics: () => backend.statistics(),
  });
  const ended = archiver.run();
  // Met by runDaemon; until it looks, a failure must not count as unhandled.
  ended.catch(() => undefined);
  const service = await HistoryService.start({
    connection,
    backend,
    logger,
    metrics,
    version: manifest.version,
    through,
    status: () => statusOf(backend, archiver, metrics),
  });

  return {
    readiness: () => (connection.connected ? archiver.status.reason : 'the connection to NATS is down'),
    ended,
    stop: async () => {
      archiver.stop();
      await ended.catch(() => undefined);
      await service.stop();
      notice.close();
      await connection.drain();
      await backend.close();
    },
  };
}

async function statusOf(backend: Backend, archiver: Archiver, metrics: StoreMetrics): Promise<StoreStatus> {
  // First how far it is, then the figures: they hold at least what that promises.
  const lagMessages = await archiver.lagMessages();
  const through = archiver.floor?.sequence ?? 0;
  const { state } = archiver.status;
  const { sensors, quarantined, bytes } = await backend.statistics();
  const { values } = await metrics.samples.get();
  return {
    backend: backend.name,
    version: manifest.version,
    state,
    sensors,
    samplesWritten: values[0]?.value ?? 0,
    quarantined,
    lagMessages,
    through,
    bytes,
  };
}
