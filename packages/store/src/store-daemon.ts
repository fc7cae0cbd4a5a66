import { setupBus } from '@katbus/bus';
import type { DaemonContext, RunningDaemon } from '@katbus/bus/daemon';
import { BusConnection, type StreamSettings } from '@katbus/bus/nats';
import manifest from '../package.json' with { type: 'json' };
import type { ArchiverOptions } from './archiver/archiver-options.ts';
import type { Backend, BackendStatistics } from './backend/backend.ts';
import type { CassandraBackendOptions } from './backend/cassandra/cassandra-backend.ts';
import type { CassandraEvent } from './backend/cassandra/cassandra-event.ts';
import { CASSANDRA_DEFAULTS } from './backend/cassandra/cassandra-options.ts';
import { CassandraNews } from './cassandra-news.ts';
import type { ElectionOptions } from './election/election-options.ts';
import { Election, mayOpenLater } from './election/election.ts';
import { StoreError } from './errors.ts';
import { KeepingNews } from './keeping-news.ts';
import { openBackend, type BackendOptions } from './open-backend.ts';
import { StoreMetrics } from './store-metrics.ts';

export interface StoreDaemonOptions extends BackendOptions {
  /** URLs of nats-server, separated by commas. */
  readonly nats: string;
  readonly archiver: ArchiverOptions;
  readonly election?: ElectionOptions | undefined;
  /** How to make the streams; undefined: they are somebody else's to make. */
  readonly setup:
    { readonly settings: StreamSettings; readonly monitoringUrl?: string | undefined } | undefined;
}

/**
 * Runs archiver and history service on one back end, or stands by while another store of the bus does. Resolves when it is known which.
 * @throws {StoreError} when the back end cannot be opened, except that another process has it
 */
export async function startStore(
  options: StoreDaemonOptions,
  { logger, registry, starting }: DaemonContext,
): Promise<RunningDaemon> {
  const metrics = new StoreMetrics(registry);
  const keepingNews = new KeepingNews(logger, metrics);
  const cassandraNews = new CassandraNews(logger, registry);
  const open = async () => {
    const cassandra = options.cassandra && {
      ...options.cassandra,
      onEvent: (event: CassandraEvent) => cassandraNews.tell(event),
    };
    const backend = await openBackend({
      ...options,
      cassandra,
      onKept: (event) => keepingNews.tell(event),
    });
    logger.info(`back end ${backend.name}, ${await whereabouts(options, backend)}`);
    return backend;
  };
  if (options.backend === 'cassandra' && options.cassandra !== undefined) {
    const line = `connecting to Cassandra at ${placeOf(options.cassandra)}`;
    logger.info(line);
    starting(line);
  }
  const backend = await open().catch(unlessLater);
  const connection = await BusConnection.connect({
    servers: options.nats,
    name: 'store',
    waitOnFirstConnect: true,
    onWaiting: (line) => {
      logger.warn(line);
      starting(line);
    },
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
  const election = new Election(
    {
      connection,
      logger,
      metrics,
      prepare,
      openBackend: open,
      version: manifest.version,
      archiverOptions: options.archiver,
    },
    options.election,
  );
  metrics.watch({
    state: () => stateOf(election),
    floorSequence: () => tenureOf(election)?.through ?? NaN,
    lagMessages: async () => (await tenureOf(election)?.archiver.lagMessages()) ?? NaN,
    statistics: () => statisticsOf(election),
  });
  const ended = election.run(backend);
  // Met by runDaemon; until it looks, a failure must not count as unhandled.
  ended.catch(() => undefined);
  await election.settled;

  return {
    readiness: () => (connection.connected ? reasonOf(election) : 'the connection to NATS is down'),
    ended,
    stop: async () => {
      election.stop();
      await ended.catch(() => undefined);
      await connection.drain();
    },
  };
}

async function whereabouts(
  { backend: name, directory, cassandra }: BackendOptions,
  backend: Backend,
): Promise<string> {
  if (name === 'cassandra' && cassandra !== undefined) {
    // Its sensors are known when this store is the active one.
    return `${placeOf(cassandra)}, layout ${cassandra.layout}`;
  }
  const { sensors } = await backend.statistics();
  return `${name === 'memory' ? 'in memory: gone with this process' : `in ${directory}`}, ${sensors} sensors`;
}

function placeOf({ cassandra }: CassandraBackendOptions): string {
  return `${cassandra.contactPoints.join(', ')}, keyspace ${cassandra.keyspace ?? CASSANDRA_DEFAULTS.keyspace}`;
}

function unlessLater(error: unknown): StoreError {
  if (mayOpenLater(error)) return error;
  throw error;
}

function tenureOf({ state }: Election) {
  return state.name === 'active' ? state.tenure : undefined;
}

function stateOf({ state }: Election) {
  return state.name === 'active' ? state.tenure.archiver.status.state : state.name;
}

/** Why nothing is archived by this process now. */
function reasonOf({ state }: Election): string | undefined {
  switch (state.name) {
    case 'active':
      return state.tenure.archiver.status.reason;
    case 'standing-by':
      return `standing by: ${state.reason}`;
    case 'stopped':
      return 'the store is stopped';
  }
}

/** Of a store that stands by nothing is told: its back end may not know what the active one has written. */
function statisticsOf({ backend, state }: Election): Promise<BackendStatistics> {
  if (backend !== undefined && state.name === 'active') return backend.statistics();
  return Promise.reject(new StoreError('CLOSED', 'the archive is not ours'));
}
