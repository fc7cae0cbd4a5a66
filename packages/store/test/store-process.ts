import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { freePort } from '../../../tools/free-ports.ts';

/** What runs as `katbus store`. */
export interface StoreProgram {
  readonly main?: string;
  /** Loaded before it, in each of its threads. */
  readonly preload?: string;
}

/** `katbus store` as a process of its own, to be killed. */
export class StoreProcess {
  readonly #child: ChildProcess;
  readonly #monitoringUrl: string;
  #output = '';

  private constructor(child: ChildProcess, monitoringUrl: string) {
    this.#child = child;
    this.#monitoringUrl = monitoringUrl;
    child.stdout?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.#output += chunk.toString()));
  }

  static async start(
    natsUrl: string,
    directory: string,
    options: string[] = [],
    { main = './store-main.ts', preload }: StoreProgram = {},
  ): Promise<StoreProcess> {
    const port = await freePort();
    const pathOf = (name: string) => new URL(name, import.meta.url).pathname;
    const script = [...(preload === undefined ? [] : ['--import', pathOf(preload)]), pathOf(main)];
    const fixed = ['--nats', natsUrl, '--data', directory, '--monitoring-port', String(port)];
    const child = spawn(process.execPath, [...script, ...fixed, ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const store = new StoreProcess(child, `http://127.0.0.1:${port}`);
    // Waited for: a process that is still dying would put files into the folder that is removed next.
    onTestFinished(async () => {
      await store.end('SIGKILL');
    });
    return store;
  }

  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Throws as long as it does not serve `/readyz`. */
  async isReady(): Promise<boolean> {
    return (await fetch(`${this.#monitoringUrl}/readyz`)).ok;
  }

  /** A metric of the process, all labels together, or those with `label="text"`; throws as long as it does not serve them. */
  async metric(name: string, label = ''): Promise<number> {
    const text = await (await fetch(`${this.#monitoringUrl}/metrics`)).text();
    const lines = text
      .split('\n')
      .filter((line) => new RegExp(`^katbus_store_${name}[ {]`).test(line) && line.includes(label));
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Freezes the process, or lets it go on: its sockets stay open. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** Whether it is the active store; throws as long as it does not tell, or does not know. */
  async isActive(): Promise<boolean> {
    const reason = await this.reason();
    if (reason.startsWith('not ready: starting')) throw new Error(reason);
    return (await this.metric('active')) === 1;
  }

  /** Why it is not ready; empty when it is. */
  async reason(): Promise<string> {
    const response = await fetch(`${this.#monitoringUrl}/readyz`);
    return response.ok ? '' : response.text();
  }

  /** @returns the exit code; null after a kill */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    this.#child.kill(signal);
    if (this.isRunning) await once(this.#child, 'exit');
    return this.#child.exitCode;
  }
}
