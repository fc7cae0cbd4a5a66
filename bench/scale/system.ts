import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startNatsServer, type RunningNatsServer } from '@katbus/cli/nats-server';
import { Child, startDaemon } from '../support/child.ts';
import { freePort } from '../../tools/free-ports.ts';
import type { FromLoopWatch, ToLoopWatch } from '../listing/loop-watch-messages.ts';
import type { FromReader, ToReader } from './reader-messages.ts';
import type { FromPublisher, PublisherCounts, PublisherSetup, ToPublisher } from './publisher-messages.ts';

export type Publisher = Child<ToPublisher, FromPublisher>;
export type Reader = Child<ToReader, FromReader>;

/** nats-server, store and portal as processes, on free ports, with everything in a temporary folder. */
export class ScaleSystem {
  readonly publishers: Publisher[] = [];
  readonly setups: PublisherSetup[] = [];
  reader: Reader | undefined;
  readonly portalUrl: string;
  readonly nats: RunningNatsServer;
  store: Child<never, never>;
  portal: Child<ToLoopWatch, FromLoopWatch>;
  private readonly folder: string;
  private readonly storeUrl: string;

  private constructor(
    folder: string,
    nats: RunningNatsServer,
    store: Child<never, never>,
    storeUrl: string,
    portal: Child<ToLoopWatch, FromLoopWatch>,
    portalUrl: string,
  ) {
    this.folder = folder;
    this.nats = nats;
    this.store = store;
    this.storeUrl = storeUrl;
    this.portal = portal;
    this.portalUrl = portalUrl;
  }

  /** @param portalWords options of the portal @param preload runs in the portal before its own modules */
  static async start(portalWords: readonly string[] = [], preload?: URL): Promise<ScaleSystem> {
    const folder = await mkdtemp(join(tmpdir(), 'katbus-scale-'));
    const nats = await startNatsServer({ storeDirectory: join(folder, 'nats'), port: 0, monitoringPort: 0 });
    const [storePort, portalPort] = [await freePort(), await freePort()];
    const storeUrl = `http://127.0.0.1:${storePort}`;
    const portalUrl = `http://127.0.0.1:${portalPort}`;
    const store = await startDaemon(
      [
        ...[
          'store',
          '--nats',
          nats.url,
          '--data',
          join(folder, 'store'),
          '--monitoring-port',
          String(storePort),
        ],
        ...['--nats-monitoring', nats.monitoringUrl],
      ],
      `${storeUrl}/readyz`,
    );
    const portal = await startDaemon<ToLoopWatch, FromLoopWatch>(
      ['portal', '--nats', nats.url, '--port', String(portalPort), ...portalWords],
      `${portalUrl}/readyz`,
      preload,
    );
    return new ScaleSystem(folder, nats, store, storeUrl, portal, portalUrl);
  }

  /** Starts a publisher with its sensors made and announced. */
  async publish(setup: PublisherSetup): Promise<void> {
    const publisher: Publisher = new Child(new URL('./publisher.ts', import.meta.url));
    this.publishers.push(publisher);
    this.setups.push(setup);
    await publisher.ask({ type: 'setup', setup }, 'ready');
  }

  async subscribe(subjects: readonly string[]): Promise<Reader> {
    this.reader = new Child(new URL('./reader.ts', import.meta.url));
    const url = `${this.portalUrl.replace('http', 'ws')}/ws`;
    await this.reader.ask({ type: 'subscribe', url, subjects }, 'subscribed');
    return this.reader;
  }

  async counts(): Promise<PublisherCounts> {
    const answers = await Promise.all(this.publishers.map((each) => each.ask({ type: 'count' }, 'counts')));
    return addCounts(answers.map(({ counts }) => counts));
  }

  /** Resolves when the archiver has written all that is in the stream. @returns whether it has, within the time */
  async archived(timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if ((await this.storeMetric('katbus_store_lag_messages')) === 0) return true;
      if (performance.now() > deadline) return false;
      await delay(500);
    }
  }

  async storeMetric(name: string): Promise<number> {
    const text = await (await fetch(`${this.storeUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? NaN);
  }

  /** By what they are, for a {@link UsageSeries}. */
  processes(): Record<string, number[]> {
    return {
      'nats-server': [this.nats.pid],
      store: [this.store.pid],
      portal: [this.portal.pid],
      publishers: this.publishers.map(({ pid }) => pid),
      ...(this.reader === undefined ? {} : { client: [this.reader.pid] }),
    };
  }

  async stop(): Promise<void> {
    await this.reader?.end('SIGKILL');
    for (const publisher of this.publishers) await publisher.end('SIGKILL');
    await this.portal.end('SIGKILL');
    await this.store.end('SIGKILL');
    await this.nats.kill();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

export function addCounts(list: readonly PublisherCounts[]): PublisherCounts {
  const sum = (of: (counts: PublisherCounts) => number) => list.reduce((all, counts) => all + of(counts), 0);
  const lane = (name: 'archive' | 'normal') => ({
    sent: sum((counts) => counts[name].sent),
    acknowledged: sum((counts) => counts[name].acknowledged),
    dropped: sum((counts) => counts[name].dropped),
    pending: sum((counts) => counts[name].pending),
  });
  return {
    updates: sum(({ updates }) => updates),
    skipped: sum(({ skipped }) => skipped),
    archive: lane('archive'),
    normal: lane('normal'),
  };
}
