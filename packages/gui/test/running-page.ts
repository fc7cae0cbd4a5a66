import { Broker } from '@katbus/bus';
import { createLogger, type DaemonContext, type RunningDaemon } from '@katbus/bus/daemon';
import { BusConnection } from '@katbus/bus/nats';
import { bundlePage } from '@katbus/gui';
import { Portal } from '@katbus/portal';
import { ClockService, MEERKAT, type RunningService } from '@katbus/services';
import { startStore } from '@katbus/store';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Registry } from 'prom-client';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.ts';
import { launchChromium } from '../../../tools/requirements/chromium.ts';

/** A real nats-server, archiver (in memory), clock and portal, and a real browser that looks at the portal's page. */
export class RunningPage {
  readonly nats: TestNats;
  readonly browser: Browser;
  /** What the browser complained of: errors of scripts, of the network, of the Content-Security-Policy. */
  readonly complaints: string[] = [];
  readonly #parts: { stop(): unknown }[];
  readonly #brokers: Broker[] = [];
  #portal: Portal;

  private constructor(nats: TestNats, browser: Browser, portal: Portal, parts: { stop(): unknown }[]) {
    this.nats = nats;
    this.browser = browser;
    this.#portal = portal;
    this.#parts = parts;
  }

  static async start(): Promise<RunningPage> {
    const nats = await startTestNats();
    const store: RunningDaemon = await startStore(
      {
        nats: nats.url,
        backend: 'memory',
        directory: '',
        archiver: { maxDelayMs: 100, backOff: { firstMs: 20, mostMs: 200 } },
        setup: { settings: {} },
      },
      context('store'),
    );
    const connection = await BusConnection.connect({ servers: nats.url, name: 'services' });
    const { logger } = context('services');
    const clock: RunningService = await new ClockService({ site: MEERKAT, dut1Seconds: 0 }).start({
      connection,
      logger,
    });
    const stopClock = async () => {
      await clock.stop();
      await connection.close();
    };
    const browser = await launchChromium();
    return new RunningPage(nats, browser, await startPortal(nats.url, 0), [{ stop: stopClock }, store]);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#portal.port}/`;
  }

  async broker(component: string): Promise<Broker> {
    const broker = await Broker.connect({ component, servers: this.nats.url });
    this.#brokers.push(broker);
    return broker;
  }

  /** The page in a window of its own. @param hash as `#host.load` */
  async open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.browser.newPage({ viewport: { width: 1_600, height: 900 }, ...options });
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    await page.goto(this.url + hash);
    return page;
  }

  stopPortal(): Promise<void> {
    return this.#portal.stop();
  }

  /** On the port of the one before. */
  async startPortal(): Promise<void> {
    this.#portal = await startPortal(this.nats.url, this.#portal.port);
  }

  async stop(): Promise<void> {
    await this.browser.close();
    for (const broker of this.#brokers) await broker.close();
    await this.#portal.stop();
    for (const part of this.#parts) await part.stop();
    await this.nats.stop();
  }
}

async function startPortal(nats: string, port: number): Promise<Portal> {
  return Portal.start({ nats, port, assets: await bundlePage(), ...context('portal') });
}

function context(name: string): DaemonContext {
  return { logger: createLogger({ name, level: 'error', format: 'json' }), registry: new Registry() };
}
