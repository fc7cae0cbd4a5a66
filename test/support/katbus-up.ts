import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.ts';
import { waitFor } from './wait-for.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Our environment without what would change a command of Katbus, but for the cache of fetched programs. */
export function plainEnvironment(): Readonly<Record<string, string | undefined>> {
  const kept = ([name]: [string, unknown]) => !name.startsWith('KATBUS_') || name === 'KATBUS_CACHE';
  return Object.fromEntries(Object.entries(process.env).filter(kept));
}

/** The whole system as a user starts it: `katbus up` with its daemons as processes. */
export interface KatbusUp extends AsyncDisposable {
  /** `nats://127.0.0.1:4222` */
  readonly natsUrl: string;
  /** `http://127.0.0.1:8090` */
  readonly portalUrl: string;
  /** All that it has printed. */
  output(): string;
  /** Ctrl-C, and waits until all of it is gone; its data are removed. */
  stop(): Promise<void>;
}

/**
 * Starts it on free ports with its data in a temporary folder.
 * @throws {Error} with what it printed, when it is not up within `timeoutMs` (60 s)
 */
export async function startKatbusUp(options: { timeoutMs?: number } = {}): Promise<KatbusUp> {
  const folder = await temporaryFolder('up');
  const main = join(ROOT, 'packages/cli/src/main.ts');
  const child = spawn(process.execPath, [main, 'up', '--ports-from', '0', '--data', folder.path], {
    cwd: ROOT,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  }
  const stop = async () => {
    child.kill('SIGINT');
    await exited;
    await folder.remove();
  };
  const lines = { natsUrl: /nats-server (nats:\/\/[^\s,]+)/, portalUrl: /open (http:\/\/[^\s/]+)/ };
  try {
    await waitFor(() => child.exitCode !== null || output.includes('Katbus is up'), {
      what: 'katbus up to say that it is up',
      timeoutMs: options.timeoutMs ?? 60_000,
    });
    const [natsUrl, portalUrl] = [lines.natsUrl, lines.portalUrl].map((line) => line.exec(output)?.[1]);
    if (natsUrl === undefined || portalUrl === undefined)
      throw new Error('katbus up did not say its addresses');
    return { natsUrl, portalUrl, output: () => output, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw new Error(`katbus up did not come up; it printed:\n${output}`, { cause: error });
  }
}
