import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startNatsServer, type RunningNatsServer } from '@katbus/cli/nats-server';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';

/** A real nats-server on free ports with a store of its own, that a test may stop, kill, freeze and start again. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly monitoringUrl: string;
  readonly port: number;
  /** Starts it again, on the same ports and the same store. */
  start(): Promise<void>;
  /** Ends the process and waits for its exit; the store stays. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Freezes the process: its sockets stay open and nothing answers, from when the promise resolves. */
  pause(): Promise<void>;
  resume(): void;
}

const BASE_CONFIG = 'host: "127.0.0.1"\njetstream { sync_interval: 1s }\n';

export async function startTestServer(extraConfig = ''): Promise<TestServer> {
  const folder = await temporaryFolder('nats');
  const configFile = path.join(folder.path, 'nats.conf');
  await writeFile(configFile, BASE_CONFIG + extraConfig);
  const options = { configFile, storeDirectory: path.join(folder.path, 'store') };
  const first = await startNatsServer({ ...options, port: 0, monitoringPort: 0 });
  const { url, monitoringUrl, port } = first;
  let running: RunningNatsServer | undefined = first;

  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    if (running !== undefined) process.kill(running.pid, name);
  };
  const server: TestServer = {
    url,
    monitoringUrl,
    port,
    async start() {
      running = await startNatsServer({
        ...options,
        port,
        monitoringPort: Number(new URL(monitoringUrl).port),
      });
    },
    async stop(name = 'SIGTERM') {
      signal('SIGCONT');
      const ending = running;
      running = undefined;
      await (name === 'SIGTERM' ? ending?.stop() : ending?.kill());
    },
    async pause() {
      signal('SIGSTOP');
      while (running !== undefined && !(await isStopped(running.pid))) await delay(5);
    },
    resume() {
      signal('SIGCONT');
    },
    async [Symbol.asyncDispose]() {
      await server.stop('SIGKILL');
      await folder.remove();
    },
  };
  return server;
}

/** The signal takes a moment to reach all threads. */
async function isStopped(pid: number): Promise<boolean> {
  return (await processState(pid)).startsWith('T');
}

async function processState(pid: number): Promise<string> {
  try {
    // `pid (name) state ...`, where the name may hold anything.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]);
    return stdout.trim();
  }
}
