import { startNatsServer } from '@katbus/cli/nats-server';
import type { NatsServerOptions, RunningNatsServer } from '@katbus/cli/nats-server';
import { temporaryFolder } from './temporary-folder.ts';

/** A nats-server of its own for a test. */
export interface TestNats extends RunningNatsServer, AsyncDisposable {
  /** Kills it and starts another one on the same ports and the same store: what a crash does. */
  restart(options?: { graceful?: boolean }): Promise<TestNats>;
}

export type TestNatsOptions = Partial<NatsServerOptions>;

/**
 * A fresh nats-server with JetStream and nats/dev.conf, on free ports, its store in a temporary folder that `stop()`, `kill()` and
 * `await using` remove. The store stays after `restart()` only.
 */
export async function startTestNats(options: TestNatsOptions = {}): Promise<TestNats> {
  const folder = await temporaryFolder('nats');
  const first = { port: 0, monitoringPort: 0, storeDirectory: folder.path, ...options };
  return start(first).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });

  async function start(settings: NatsServerOptions): Promise<TestNats> {
    const server = await startNatsServer(settings);
    const ended = async (exit: Promise<Awaited<RunningNatsServer['exited']>>) => {
      const result = await exit;
      await folder.remove();
      return result;
    };
    return {
      ...server,
      stop: () => ended(server.stop()),
      kill: () => ended(server.kill()),
      restart: async ({ graceful = false } = {}) => {
        await (graceful ? server.stop() : server.kill());
        const monitoringPort = Number(new URL(server.monitoringUrl).port);
        return start({ ...settings, port: server.port, monitoringPort });
      },
      [Symbol.asyncDispose]: async () => {
        await ended(server.stop());
      },
    };
  }
}
