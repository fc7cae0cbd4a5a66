import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait-for.ts';

const KATBUS = join(import.meta.dirname, '../../packages/cli/src/main.ts');
const UP_WITHIN_MS = 60_000;

/** Our environment without what would change a command of Katbus, but for the cache of fetched programs. */
export function plainEnvironment(): Readonly<Record<string, string | undefined>> {
  const kept = ([name]: [string, unknown]) => !name.startsWith('KATBUS_') || name === 'KATBUS_CACHE';
  return Object.fromEntries(Object.entries(process.env).filter(kept));
}

/** What a command that has ended left behind. */
export interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `katbus` with these words to its end. */
export function katbus(...words: string[]): Promise<CommandOutcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [KATBUS, ...words], { env: plainEnvironment() }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

export interface KatbusUpOptions {
  /** Behind `katbus up --data <folder>`; default: any free ports, and a small telescope. */
  readonly words?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** A running `katbus up` with its daemons as processes, its data in a temporary folder, and what it has printed. */
export class KatbusUp implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  output = '';
  private readonly folder: TemporaryFolder;

  private constructor(
    folder: TemporaryFolder,
    { words = ['--ports-from', '0', '--receptors', '2'], environment = {} }: KatbusUpOptions,
  ) {
    this.folder = folder;
    this.child = spawn(process.execPath, [KATBUS, 'up', '--data', folder.path, ...words], {
      env: { ...plainEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Not the repository's folder: it works from anywhere.
      cwd: folder.path,
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    }
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Starts it, and waits for nothing. */
  static async start(options: KatbusUpOptions = {}): Promise<KatbusUp> {
    return new KatbusUp(await temporaryFolder('up'), options);
  }

  /** Starts it and waits until it is up. @throws {Error} with what it printed when it does not come up within 60 s */
  static async run(options: KatbusUpOptions = {}): Promise<KatbusUp> {
    const up = await KatbusUp.start(options);
    try {
      await up.isUp();
      return up;
    } catch (error) {
      await up.remove();
      throw error;
    }
  }

  async isUp(): Promise<void> {
    const settled = () => this.child.exitCode !== null || this.output.includes('Katbus is up');
    await waitFor(settled, { what: 'katbus up to say that it is up', timeoutMs: UP_WITHIN_MS }).catch(
      () => undefined,
    );
    if (!this.output.includes('Katbus is up'))
      throw new Error(`katbus up did not come up; it printed:\n${this.output}`);
  }

  /** `nats://127.0.0.1:4222` */
  get natsUrl(): string {
    return /nats-server (nats:\/\/[^\s,]+)/.exec(this.output)?.[1] ?? '';
  }

  /** `http://127.0.0.1:8090` */
  get portalUrl(): string {
    return /open (http:\/\/\S+)/.exec(this.output)?.[1] ?? '';
  }

  /** Every process that belongs to it but itself: all have its folder or its NATS address among their arguments. */
  async processes(): Promise<{ readonly pid: number; readonly command: string }[]> {
    const mine = (command: string) =>
      command.includes(this.folder.path) || (this.natsUrl !== '' && command.includes(this.natsUrl));
    return (await runningProcesses()).filter(({ pid, command }) => pid !== this.child.pid && mine(command));
  }

  /** Ctrl-C, and waits until all of it is gone; its data are removed. */
  async stop(): Promise<void> {
    this.child.kill('SIGINT');
    await this.exited;
    await this.folder.remove();
  }

  /** Whatever its state is: nothing of it is left. */
  async remove(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
    for (const { pid } of await this.processes()) process.kill(pid, 'SIGKILL');
    await this.folder.remove();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove();
  }
}

/** From /proc where there is one: slim images have no `ps`. */
export async function runningProcesses(): Promise<{ pid: number; command: string }[]> {
  if (process.platform !== 'linux') return processesByPs();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      // A process may end while we look.
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid: Number(pid), command: line.replaceAll('\0', ' ').trim() };
    }),
  );
  return found.filter(({ command }) => command !== '');
}

async function processesByPs(): Promise<{ pid: number; command: string }[]> {
  const { stdout } = await promisify(execFile)('ps', ['-eo', 'pid=,args=']);
  return stdout
    .split('\n')
    .map((line) => ({ pid: Number.parseInt(line), command: line.trim().replace(/^\d+ /, '') }))
    .filter(({ pid }) => Number.isInteger(pid));
}
