import { BusConnection } from '@katbus/bus/nats';
import { createLogger } from '@katbus/bus/daemon';
import { bundlePage } from '@katbus/gui';
import { ClockService, MEERKAT, PresenceMetrics, PresenceService } from '@katbus/services';
import { Registry } from 'prom-client';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { LiveSystem } from '../../../test/support/live-system.ts';
import { launchChromium } from '../../../tools/requirements/chromium.ts';

/** The live system with its page and a clock, and a real browser that looks at the page. */
export class RunningPage {
  readonly system: LiveSystem;
  readonly browser: Browser;
  /** What the browser complained of: errors of scripts, of the network, of the Content-Security-Policy. */
  readonly complaints: string[] = [];
  readonly #stopClock: () => Promise<void>;

  private constructor(system: LiveSystem, browser: Browser, stopClock: () => Promise<void>) {
    this.system = system;
    this.browser = browser;
    this.#stopClock = stopClock;
  }

  static async start(): Promise<RunningPage> {
    const system = await LiveSystem.start({ backend: 'memory', assets: await bundlePage() });
    const connection = await BusConnection.connect({ servers: system.nats.url, name: 'services' });
    const logger = createLogger({ name: 'services', level: 'error', format: 'json' });
    const clock = await new ClockService({ site: MEERKAT, dut1Seconds: 0 }).start({ connection, logger });
    const presence = await new PresenceService({ metrics: new PresenceMetrics(new Registry()) }).start({
      connection,
      logger,
    });
    return new RunningPage(system, await launchChromium(), async () => {
      await presence.stop();
      await clock.stop();
      await connection.close();
    });
  }

  /** The page in a window of its own. @param hash as `#host.load` */
  async open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await this.browser.newPage({ viewport: { width: 1_600, height: 900 }, ...options });
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    await page.goto(`${this.system.portalUrl}/${hash}`);
    return page;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.#stopClock();
    await this.system.stop();
  }
}
