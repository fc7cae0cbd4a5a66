import { join } from 'node:path';
import { BusConnection, callServiceText } from '@katbus/bus/nats';
import { startNatsServer } from '@katbus/cli/nats-server';
import { freePort } from '../../tools/free-ports.ts';
import { startDaemon, type Child } from '../support/child.ts';
import { cpuSeconds } from '../support/process-usage.ts';
import type { ReportQuestion } from './questions.ts';

/** How a report is asked for. */
export const WAYS = ['rpc', 'http'] as const;
export type Way = (typeof WAYS)[number];

/** nats-server, store and portal, each a process of its own, and a store that can be started anew. */
export class AskedArchive implements AsyncDisposable {
  readonly #nats: Awaited<ReturnType<typeof startNatsServer>>;
  readonly #connection: BusConnection;
  readonly #portal: Child<never, never>;
  readonly #portalUrl: string;
  readonly #storeWords: readonly string[];
  #store: Child<never, never> | undefined;

  private constructor(
    nats: Awaited<ReturnType<typeof startNatsServer>>,
    connection: BusConnection,
    portal: Child<never, never>,
    portalUrl: string,
    storeWords: readonly string[],
  ) {
    this.#nats = nats;
    this.#connection = connection;
    this.#portal = portal;
    this.#portalUrl = portalUrl;
    this.#storeWords = storeWords;
  }

  /** @param storeWords of `katbus store`: which archive */
  static async start(folder: string, storeWords: readonly string[]): Promise<AskedArchive> {
    const storeDirectory = join(folder, 'nats');
    const nats = await startNatsServer({ storeDirectory, port: 0, monitoringPort: 0 });
    const connection = await BusConnection.connect({ servers: nats.url, name: 'bench' });
    const portalPort = await freePort();
    const portalUrl = `http://127.0.0.1:${portalPort}`;
    const words = ['portal', '--nats', nats.url, '--port', String(portalPort)];
    const portal = await startDaemon(words, `${portalUrl}/readyz`);
    return new AskedArchive(nats, connection, portal, portalUrl, storeWords);
  }

  /** Ends the store, and starts it on the same archive. Resolves when it says that it is ready. */
  async restart(): Promise<void> {
    await this.#store?.end();
    const port = await freePort();
    // Who is busy with something else is not to lose the lease: it is alone.
    const alone = ['--lease-seconds', '60', '--monitoring-port', String(port)];
    const words = ['store', '--nats', this.#nats.url, ...this.#storeWords, ...alone];
    this.#store = await startDaemon(words, `http://127.0.0.1:${port}/readyz`);
  }

  /** @returns milliseconds until all of the answer was there @throws {Error} it is none */
  async ask({ subject, request, path }: ReportQuestion, way: Way): Promise<number> {
    const sinceMs = performance.now();
    const text =
      way === 'rpc' ? await callServiceText(this.#connection, subject, request) : await this.#answerOf(path);
    const tookMs = performance.now() - sinceMs;
    JSON.parse(text);
    return tookMs;
  }

  /** Processor seconds of store and portal until now. */
  get cpu(): { readonly store: number; readonly portal: number } {
    return { store: cpuSeconds(this.#store!.pid), portal: cpuSeconds(this.#portal.pid) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.close();
    await this.#store?.end();
    await this.#portal.end();
    await this.#nats.stop();
  }

  async #answerOf(path: string): Promise<string> {
    const answer = await fetch(`${this.#portalUrl}${path}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`);
    return text;
  }
}
