import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { once } from 'node:events';

/** A real nats-server on a free port with a store of its own, that a test may stop, kill, pause and start again. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly monitoringUrl: string;
  readonly port: number;
  readonly folder: string;
  start(): Promise<void>;
  /** Ends the process and waits for its exit; the store stays. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Freezes the process: its sockets stay open and nothing answers. */
  pause(): void;
  resume(): void;
}

const NATS_SERVER = process.env.NATS_SERVER_BIN ?? '/tmp/gobin/nats-server';

export async function startTestServer(extraConfig = ''): Promise<TestServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'katbus-nats-'));
  const [port, monitoringPort] = [await freePort(), await freePort()];
  const configFile = path.join(folder, 'nats.conf');
  await writeFile(
    configFile,
    `listen: "127.0.0.1:${port}"\nhttp: "127.0.0.1:${monitoringPort}"\n` +
      `jetstream { store_dir: ${JSON.stringify(folder)}, sync_interval: "1s" }\n${extraConfig}\n`,
  );
  let child: ChildProcess | undefined;

  const server: TestServer = {
    url: `nats://127.0.0.1:${port}`,
    monitoringUrl: `http://127.0.0.1:${monitoringPort}`,
    port,
    folder,
    async start() {
      const started = spawn(NATS_SERVER, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
      child = started;
      await new Promise<void>((resolve, reject) => {
        let output = '';
        started.stderr.on('data', (chunk: Buffer) => {
          output += chunk.toString();
          if (output.includes('Server is ready')) resolve();
        });
        started.once('exit', (code) => {
          reject(new Error(`nats-server ended with ${code}: ${output}`));
        });
        started.once('error', reject);
      });
    },
    async stop(signal = 'SIGTERM') {
      const running = child;
      child = undefined;
      if (running?.exitCode !== null || running.signalCode !== null) return;
      running.kill('SIGCONT');
      running.kill(signal);
      await once(running, 'exit');
    },
    pause() {
      child?.kill('SIGSTOP');
    },
    resume() {
      child?.kill('SIGCONT');
    },
    async [Symbol.asyncDispose]() {
      await server.stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
