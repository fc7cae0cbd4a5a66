import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { freePort } from '../../../../tools/free-ports.ts';

/** `katbus portal` as a process of its own, to be frozen and killed. */
export class PortalProcess {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  static async start(natsUrl: string, options: readonly string[] = []): Promise<PortalProcess> {
    const port = await freePort();
    const script = new URL('../portal-main.ts', import.meta.url).pathname;
    const words = ['portal', '--nats', natsUrl, '--port', String(port), ...options];
    const child = spawn(process.execPath, [script, ...words], { stdio: 'ignore' });
    onTestFinished(async () => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    });
    const portal = new PortalProcess(child, port);
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok, {
      what: 'the portal to be ready',
      timeoutMs: 30_000,
    });
    return portal;
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }
}
