import { join } from 'node:path';
import { startNatsServer } from '@katbus/cli/nats-server';
import { Child, startDaemon } from '../support/child.ts';
import { freePort } from '../../tools/free-ports.ts';
import { cpuSeconds } from '../support/process-usage.ts';
import type { Question, Reading } from './reader.ts';

export interface AnsweredQuestion {
  readonly reading: Reading;
  /** Processor seconds that it took, by process. */
  readonly cpu: Readonly<Record<string, number>>;
}

/** An archive as clients have it: nats-server, store and portal, and a client that asks, each a process of its own. */
export class ServedArchive implements AsyncDisposable {
  readonly #nats: Awaited<ReturnType<typeof startNatsServer>>;
  readonly #children: Child<never, never>[] = [];
  #pids: Readonly<Record<string, number>> = {};
  #reader: Child<Question, Reading | { readonly type: 'ready' }> | undefined;

  private constructor(nats: Awaited<ReturnType<typeof startNatsServer>>) {
    this.#nats = nats;
  }

  /**
   * @param storeWords of `katbus store`: which archive
   * @param others processes whose processor time is watched too
   */
  static async start(
    folder: string,
    storeWords: readonly string[],
    others: Readonly<Record<string, number>> = {},
  ): Promise<ServedArchive> {
    const storeDirectory = join(folder, 'nats');
    const served = new ServedArchive(await startNatsServer({ storeDirectory, port: 0, monitoringPort: 0 }));
    try {
      await served.#begin(storeWords, others);
      return served;
    } catch (error) {
      await served[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @throws {Error} when it is not answered from all samples */
  async ask(question: Question, samples: number): Promise<AnsweredQuestion> {
    const before = Object.entries(this.#pids).map(([name, pid]) => [name, cpuSeconds(pid)] as const);
    const reading = await this.#reader!.ask(question, 'reading');
    if (reading.samples !== samples)
      throw new Error(`${reading.samples} samples are in the bins, not ${samples}`);
    const cpu = before.map(([name, seconds]) => [name, cpuSeconds(this.#pids[name]!) - seconds] as const);
    return { reading, cpu: Object.fromEntries(cpu) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.reverse()) await child.end('SIGTERM');
    await this.#nats.stop();
  }

  async #begin(storeWords: readonly string[], others: Readonly<Record<string, number>>): Promise<void> {
    const { url, pid } = this.#nats;
    const [storePort, portalPort] = [await freePort(), await freePort()];
    const store = await startDaemon(
      // Who is busy with reading is not to lose the lease: it is alone.
      [
        'store',
        '--nats',
        url,
        '--lease-seconds',
        '60',
        ...storeWords,
        '--monitoring-port',
        String(storePort),
      ],
      `http://127.0.0.1:${storePort}/readyz`,
    );
    this.#children.push(store);
    const portal = await startDaemon(
      ['portal', '--nats', url, '--port', String(portalPort)],
      `http://127.0.0.1:${portalPort}/readyz`,
    );
    this.#children.push(portal);
    const reader = new Child<Question, Reading | { readonly type: 'ready' }>(
      new URL('./reader.ts', import.meta.url),
      [`ws://127.0.0.1:${portalPort}/ws`],
    );
    this.#children.push(reader as unknown as Child<never, never>);
    await reader.answer('ready');
    this.#reader = reader;
    this.#pids = { store: store.pid, portal: portal.pid, 'nats-server': pid, client: reader.pid, ...others };
  }
}
