import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { Logger } from '@katbus/bus/daemon';
import { BusConnection, Markers } from '@katbus/bus/nats';
import { SUBJECTS } from '@katbus/protocol';
import { AttributesValues } from './current-values/attributes-values.ts';
import { CurrentValues } from './current-values/current-values.ts';
import { KnownPresence } from './current-values/known-presence.ts';
import { Delivery } from './delivery/delivery.ts';
import { DEFAULT_ASSETS, type Assets } from './http/assets.ts';
import { Filters } from './filters/filters.ts';
import { createHttpServer, listen } from './http/http-server.ts';
import { PORTAL_LIMITS, type PortalLimits } from './limits.ts';
import { KnownComponents } from './listing/known-components.ts';
import { Listing } from './listing/listing.ts';
import { PortalMetrics } from './metrics.ts';
import { NatsPulse } from './nats-pulse.ts';
import { Dispatcher } from './rpc/dispatcher.ts';
import { portalMethods } from './rpc/methods.ts';
import { SensorWatches } from './scrape/sensor-watches.ts';
import { StoreClient } from './store-client.ts';
import { WebsocketServer } from './websocket/websocket-server.ts';
import manifest from '../package.json' with { type: 'json' };

export interface PortalOptions {
  /** URLs of nats-server, separated by commas. */
  readonly nats: string;
  readonly logger: Logger;
  readonly registry: Registry;
  readonly host?: string;
  /** 0: any free port. */
  readonly port?: number;
  readonly limits?: Partial<PortalLimits>;
  /** Origins beside the portal's own whose pages may open a websocket. */
  readonly allowedOrigins?: readonly string[];
  readonly assets?: Assets;
}

export const PORTAL_DEFAULTS = {
  host: '127.0.0.1',
  port: 8090,
  allowedOrigins: [] as readonly string[],
} as const;

/** On a mesh, servers tell each other of a subscription in their own time. */
const MESH_INTEREST_DELAY_MS = 250;

/** A connection that says nothing is given up after three of these. */
const NATS_PING_INTERVAL_MS = 2_000;

/** A running portal: the edge between NATS and its clients' websockets and HTTP requests. */
export class Portal {
  /** Differs between two portals and after a restart. */
  readonly name: string;
  readonly #connection: BusConnection;
  readonly #delivery: Delivery;
  readonly #websockets: WebsocketServer;
  readonly #http: FastifyInstance;
  readonly #pulse: NatsPulse;
  readonly #presence: KnownPresence;
  readonly #filters: Filters;
  readonly #watches: SensorWatches;
  #port = 0;
  #state: 'running' | 'stopping' = 'running';

  /**
   * Waits for NATS as long as it takes, then listens.
   * @throws {PortInUseError}
   * @throws {ConnectError} when NATS refuses the login
   */
  static async start(options: PortalOptions): Promise<Portal> {
    const name = `portal_${randomBytes(4).toString('hex')}`;
    const connection = await BusConnection.connect({
      servers: options.nats,
      name,
      waitOnFirstConnect: true,
      onWaiting: (line) => options.logger.warn(line),
      pingIntervalMs: NATS_PING_INTERVAL_MS,
    });
    const portal = new Portal(name, connection, options);
    try {
      const { host = PORTAL_DEFAULTS.host, port = PORTAL_DEFAULTS.port } = options;
      portal.#port = await listen(portal.#http, host, port);
      return portal;
    } catch (error) {
      await portal.stop();
      throw error;
    }
  }

  private constructor(name: string, connection: BusConnection, options: PortalOptions) {
    const { logger, registry, assets = DEFAULT_ASSETS } = options;
    const { allowedOrigins = PORTAL_DEFAULTS.allowedOrigins } = options;
    const limits: PortalLimits = { ...PORTAL_LIMITS, ...options.limits };
    const metrics = new PortalMetrics(registry);
    const store = new StoreClient(connection, limits.requestTimeoutMs);
    const archived = new KnownComponents(store, limits.storeTimeoutMs);
    const onMalformed = (reason: string) => {
      metrics.malformed.inc({ kind: 'listing' });
      logger.debug(reason);
    };
    const filters = new Filters(limits, metrics);
    const presence = new KnownPresence(connection, (reason) => {
      metrics.malformed.inc({ kind: 'presence' });
      logger.debug(reason);
    });
    const listing = new Listing({ connection, archived, presence, filters, limits, onMalformed });
    metrics.gauge('listings_bytes', 'What the listings that are under way take', () => listing.bytes);
    const attributes = new AttributesValues(store, listing, limits);
    const markers = new Markers(connection, name, { timeoutMs: limits.joinTimeoutMs });
    const source = new CurrentValues({
      connection,
      markers,
      store,
      attributes,
      presence,
      limits,
      metrics,
    });
    const interestDelayMs = () => (connection.serverInfo.cluster === undefined ? 0 : MESH_INTEREST_DELAY_MS);
    const delivery = new Delivery({ connection, source, limits, metrics, logger, interestDelayMs });
    connection.subscribe(SUBJECTS.everyHeartbeat, ({ data }) => {
      const fault = delivery.hear(data);
      if (fault !== undefined) metrics.malformed.inc({ kind: 'heartbeat' });
    });
    const methods = portalMethods({
      portal: name,
      version: manifest.version,
      limits,
      listing,
      store,
      filters,
    });
    const dispatcher = new Dispatcher(methods, metrics, logger);

    this.name = name;
    this.#connection = connection;
    this.#presence = presence;
    this.#filters = filters;
    this.#watches = new SensorWatches(delivery, limits, metrics);
    this.#delivery = delivery;
    this.#websockets = new WebsocketServer({ delivery, dispatcher, limits, metrics, allowedOrigins });
    const readiness = () => this.readiness();
    this.#http = createHttpServer({
      assets,
      registry,
      metrics,
      readiness,
      logger,
      version: manifest.version,
      store,
      listing,
      filters,
      watches: this.#watches,
    });
    this.#http.server.on('upgrade', this.#websockets.handleUpgrade);
    this.#pulse = new NatsPulse({
      connection,
      onLost: () => {
        logger.warn('NATS is lost: sessions stay, and are told when it is back');
        delivery.joins.lost();
      },
      onRecovered: (fromSeconds) => {
        const since = new Date(fromSeconds * 1000).toISOString();
        logger.info(`NATS is back: sessions are told that messages since ${since} may be missing`);
        delivery.recovered(fromSeconds);
      },
    });
    connection.onStatus(({ type, detail }) => {
      if (type === 'error' || type === 'slow-consumer') logger.warn(`NATS: ${detail}`);
    });
  }

  get port(): number {
    return this.#port;
  }

  /** Why it does not do its work now, or undefined when it does. */
  readiness(): string | undefined {
    if (this.#state === 'stopping') return 'the portal is stopping';
    return this.#connection.connected ? undefined : 'NATS is not connected';
  }

  /** Closes all sessions with 1001, then everything else. */
  async stop(): Promise<void> {
    if (this.#state === 'stopping') return;
    this.#state = 'stopping';
    this.#pulse.close();
    this.#presence.close();
    await this.#websockets.stop();
    this.#watches.close();
    this.#delivery.stop();
    await this.#http.close();
    await this.#filters.close();
    await this.#connection.drain();
  }
}
