import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dieWithParent } from './die-with-parent.ts';

export interface NatsServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const KEPT_LOG_LINES = 50;

/** A nats-server as a child process: its lines and its end. It ends with this process, even when that is killed. */
export class ServerProcess {
  readonly pid: number | undefined;
  /** Settles when the process is gone and its output read, for whatever reason; never rejects. */
  readonly exited: Promise<NatsServerExit>;
  /** Why it could not be started at all. */
  spawnError: Error | undefined;
  readonly #child;
  readonly #lines: string[] = [];
  #hasExited = false;

  constructor(binary: string, serverArguments: readonly string[], onLogLine: (line: string) => void) {
    const child = spawn(binary, serverArguments, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group: Ctrl-C in the terminal reaches only us, and we stop the server last.
      detached: process.platform !== 'win32',
    });
    this.#child = child;
    this.pid = child.pid;
    const releaseWatcher = dieWithParent(child);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        if (this.#lines.push(line) > KEPT_LOG_LINES) this.#lines.shift();
        onLogLine(line);
      });
    }
    child.once('error', (error) => {
      this.spawnError = error;
    });
    this.exited = new Promise((settle) => {
      child.once('exit', releaseWatcher);
      child.once('close', (code, signal) => {
        this.#hasExited = true;
        settle({ code, signal });
      });
    });
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** The newest lines, oldest first. */
  get log(): readonly string[] {
    return [...this.#lines];
  }

  /** SIGTERM: the server writes its state and leaves; SIGKILL after `timeoutMs`. */
  async stop(timeoutMs: number): Promise<NatsServerExit> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs);
    return this.exited.finally(() => clearTimeout(timer));
  }

  /** SIGKILL: what a crash does. */
  async kill(): Promise<NatsServerExit> {
    this.#child.kill('SIGKILL');
    return this.exited;
  }
}
