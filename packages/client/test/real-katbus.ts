import { Broker, type BrokerOptions } from '@katbus/bus';
import { createLogger, type DaemonContext, type RunningDaemon } from '@katbus/bus/daemon';
import { Portal, type PortalLimits } from '@katbus/portal';
import { startStore } from '@katbus/store';
import { Registry } from 'prom-client';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.ts';

/** A real nats-server with a real archiver (in memory) and a real portal. */
export class RealKatbus {
  readonly nats: TestNats;
  readonly #store: RunningDaemon;
  readonly #limits: Partial<PortalLimits>;
  readonly #brokers: Broker[] = [];
  #portal: Portal;

  private constructor(nats: TestNats, store: RunningDaemon, portal: Portal, limits: Partial<PortalLimits>) {
    this.nats = nats;
    this.#store = store;
    this.#portal = portal;
    this.#limits = limits;
  }

  static async start(limits: Partial<PortalLimits> = {}): Promise<RealKatbus> {
    const nats = await startTestNats();
    const store = await startStore(
      {
        nats: nats.url,
        backend: 'memory',
        directory: '',
        archiver: { maxDelayMs: 100, backOff: { firstMs: 20, mostMs: 200 } },
        setup: { settings: {} },
      },
      context('store'),
    );
    return new RealKatbus(nats, store, await startPortal(nats.url, 0, limits), limits);
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#portal.port}/ws`;
  }

  async broker(component: string, options: Partial<BrokerOptions> = {}): Promise<Broker> {
    const broker = await Broker.connect({ component, servers: this.nats.url, ...options });
    this.#brokers.push(broker);
    return broker;
  }

  stopPortal(): Promise<void> {
    return this.#portal.stop();
  }

  /** On the port of the one before. */
  async startPortal(): Promise<void> {
    this.#portal = await startPortal(this.nats.url, this.#portal.port, this.#limits);
  }

  async stop(): Promise<void> {
    for (const broker of this.#brokers) await broker.close();
    await this.#portal.stop();
    await this.#store.stop();
    await this.nats.stop();
  }
}

function startPortal(nats: string, port: number, limits: Partial<PortalLimits>): Promise<Portal> {
  return Portal.start({ nats, port, limits, ...context('portal') });
}

function context(name: string): DaemonContext {
  return { logger: createLogger({ name, level: 'error', format: 'json' }), registry: new Registry() };
}
