import { Registry } from 'prom-client';
import { Broker, type BrokerOptions } from '@katbus/bus';
import { createLogger, type DaemonContext, type RunningDaemon } from '@katbus/bus/daemon';
import { PortalClient } from '@katbus/client';
import { Portal, type PortalOptions } from '@katbus/portal';
import { startStore, type StoreDaemonOptions } from '@katbus/store';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
import { startTestNats, type TestNats, type TestNatsOptions } from './test-nats.ts';

export interface LiveSystemOptions {
  /** Default sqlite, in a temporary folder. */
  readonly backend?: StoreDaemonOptions['backend'];
  readonly limits?: PortalOptions['limits'];
  readonly assets?: PortalOptions['assets'];
  readonly allowedOrigins?: readonly string[];
  readonly nats?: TestNatsOptions;
}

/** A real nats-server with a real archiver and a real portal in this process: what a test needs that follows a sample from end to end. */
export class LiveSystem implements AsyncDisposable {
  readonly nats: TestNats;
  readonly #options: LiveSystemOptions;
  readonly #folder: TemporaryFolder;
  readonly #registries = { store: new Registry(), portal: new Registry() };
  readonly #brokers: Broker[] = [];
  readonly #clients: PortalClient[] = [];
  #store: RunningDaemon | undefined;
  #portal: Portal | undefined;
  #portalPort = 0;

  private constructor(nats: TestNats, folder: TemporaryFolder, options: LiveSystemOptions) {
    this.nats = nats;
    this.#folder = folder;
    this.#options = options;
  }

  static async start(options: LiveSystemOptions = {}): Promise<LiveSystem> {
    const system = new LiveSystem(
      await startTestNats(options.nats),
      await temporaryFolder('live-system'),
      options,
    );
    try {
      await system.#startStore();
      await system.startPortal();
      return system;
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  /** `http://127.0.0.1:8090` */
  get portalUrl(): string {
    return `http://127.0.0.1:${this.#portalPort}`;
  }

  /** `ws://127.0.0.1:8090/ws` */
  get websocketUrl(): string {
    return `ws://127.0.0.1:${this.#portalPort}/ws`;
  }

  async join(component: string, options: Partial<BrokerOptions> = {}): Promise<Broker> {
    const broker = await Broker.connect({ component, servers: this.nats.url, ...options });
    this.#brokers.push(broker);
    return broker;
  }

  client(): PortalClient {
    const client = new PortalClient({ url: this.websocketUrl });
    this.#clients.push(client);
    return client;
  }

  async stopPortal(): Promise<void> {
    await this.#portal?.stop();
    this.#portal = undefined;
  }

  /** On the port of the one before, if there was one. */
  async startPortal(): Promise<void> {
    this.#registries.portal = new Registry();
    const { limits = {}, assets, allowedOrigins = [] } = this.#options;
    const place = { nats: this.nats.url, port: this.#portalPort };
    const options = { ...place, limits, allowedOrigins, ...this.#context('portal') };
    this.#portal = await Portal.start(assets === undefined ? options : { ...options, assets });
    this.#portalPort = this.#portal.port;
  }

  /** A counter or gauge as Prometheus would read it, summed over what has these labels; 0 when it is not there. */
  async metric(
    daemon: 'portal' | 'store',
    name: string,
    labels: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const metric = await this.#registries[daemon].getSingleMetric(`katbus_${daemon}_${name}`)?.get();
    const fits = (found: object) =>
      Object.entries(labels).every(([label, text]) => found[label as never] === text);
    return (metric?.values ?? [])
      .filter((value) => fits(value.labels))
      .reduce((sum, { value }) => sum + value, 0);
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    for (const broker of this.#brokers) await broker.close();
    await this.stopPortal();
    await this.#store?.stop();
    await this.nats.stop();
    await this.#folder.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #startStore(): Promise<void> {
    this.#store = await startStore(
      {
        nats: this.nats.url,
        backend: this.#options.backend ?? 'sqlite',
        directory: this.#folder.path,
        archiver: { maxDelayMs: 100, backOff: { firstMs: 20, mostMs: 200 } },
        setup: { settings: {}, monitoringUrl: this.nats.monitoringUrl },
      },
      this.#context('store'),
    );
  }

  #context(daemon: 'portal' | 'store'): DaemonContext {
    return {
      logger: createLogger({ name: daemon, level: 'error', format: 'json' }),
      registry: this.#registries[daemon],
      starting: () => undefined,
    };
  }
}
