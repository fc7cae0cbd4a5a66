import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { waitFor } from '../../../test/support/wait-for.ts';

const SCRIPT = path.join(import.meta.dirname, 'component-process.ts');

/** A component in a process of its own. */
export class RunningComponent implements AsyncDisposable {
  readonly said: Record<string, unknown>[] = [];
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;

  constructor(servers: string, component: string, options: { readonly takeover?: boolean } = {}) {
    const words = options.takeover === true ? ['takeover'] : [];
    this.child = spawn(process.execPath, [SCRIPT, servers, component, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.exited = once(this.child, 'exit');
    createInterface({ input: this.child.stdout! }).on('line', (line) =>
      this.said.push(JSON.parse(line) as Record<string, unknown>),
    );
  }

  /** The first line of this type. */
  says(type: string): Promise<Record<string, unknown>> {
    return waitFor(() => this.said.find((line) => line.type === type) ?? false, {
      what: `the component to say ${type}; it said ${JSON.stringify(this.said)}`,
      timeoutMs: 15_000,
    });
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.child.kill('SIGCONT');
    this.child.kill(signal);
    await this.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill();
  }
}
