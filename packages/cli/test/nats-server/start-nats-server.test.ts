import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { NatsServerStartError, startNatsServer } from '@katbus/cli/nats-server';
import { startTestNats } from '../../../../test/support/test-nats.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { writeProgram } from './fake-programs.ts';

async function startFailure(...options: Parameters<typeof startTestNats>): Promise<NatsServerStartError> {
  const error = await startTestNats(...options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NatsServerStartError);
  expect((error as Error).message).not.toContain('\n');
  return error as NatsServerStartError;
}

/** What the server says first to each client. */
async function greeting(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    return chunk.toString();
  } finally {
    socket.destroy();
  }
}

test('a started server answers on the ports that it chose, with JetStream and the sync interval of dev.conf', async () => {
  const lines: string[] = [];
  await using nats = await startTestNats({ onLogLine: (line) => lines.push(line) });
  expect(nats.url).toBe(`nats://127.0.0.1:${nats.port}`);
  expect(await greeting(nats.port)).toMatch(/^INFO .*"jetstream":true/);
  const varz = (await (await fetch(`${nats.monitoringUrl}/varz`)).json()) as {
    max_payload: number;
    jetstream: { config: { sync_interval: number; store_dir: string } };
  };
  expect(varz.max_payload).toBe(1024 * 1024);
  expect(varz.jetstream.config.sync_interval).toBe(1e9);
  expect(varz.jetstream.config.store_dir).toContain(nats.storeDirectory);
  expect(lines.some((line) => line.includes('Server is ready'))).toBe(true);
});

test('stop() is graceful, tells how it ended, and removes the folder of a test', async () => {
  const nats = await startTestNats();
  expect(await nats.stop()).toEqual({ code: 0, signal: null });
  expect(await nats.exited).toEqual({ code: 0, signal: null });
  expect(existsSync(nats.storeDirectory)).toBe(false);
});

test('kill() is a SIGKILL, and restart() keeps the ports and the store', async () => {
  const nats = await startTestNats();
  await using again = await nats.restart();
  expect(await nats.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect([again.port, again.monitoringUrl]).toEqual([nats.port, nats.monitoringUrl]);
  expect(again.storeDirectory).toBe(nats.storeDirectory);
  expect(again.pid).not.toBe(nats.pid);
  await again.kill();
  expect(existsSync(nats.storeDirectory)).toBe(false);
});

test('a port in use is an error that names the port and the option', async () => {
  await using nats = await startTestNats();
  const error = await startFailure({ port: nats.port });
  expect(error).toMatchObject({ code: 'PORT_IN_USE', port: nats.port, option: 'port' });
  expect(error.message).toBe(`port ${nats.port} is in use (option port)`);

  const monitoringPort = Number(new URL(nats.monitoringUrl).port);
  const other = await startFailure({ monitoringPort });
  expect(other).toMatchObject({ code: 'PORT_IN_USE', port: monitoringPort, option: 'monitoringPort' });
});

test('a store that another server uses is refused before it is touched; one that a killed server left is taken', async () => {
  await using folder = await temporaryFolder('store');
  const options = { storeDirectory: folder.path, port: 0, monitoringPort: 0 };
  const first = await startNatsServer(options);
  const error = await startFailure(options);
  expect(error.code).toBe('STORE_IN_USE');
  expect(error.message).toContain(String(first.pid));
  await first.kill();
  const second = await startNatsServer(options);
  await second.stop();
});

test('a configuration that the server refuses is an error with what the server said', async () => {
  await using folder = await temporaryFolder('conf');
  const configFile = await writeProgram(join(folder.path, 'bad.conf'), 'max_payload: lots\n');
  const error = await startFailure({ configFile });
  expect(error.code).toBe('EXITED_AT_START');
  expect(error.message).toContain('bad.conf');
});

test('a program that is not there, and one that never answers, are errors', async () => {
  await using folder = await temporaryFolder('program');
  expect((await startFailure({ binary: join(folder.path, 'absent') })).code).toBe('NOT_STARTED');
  const binary = await writeProgram(join(folder.path, 'mute'), '#!/bin/sh\nexec /bin/sleep 60\n');
  expect((await startFailure({ binary, readyTimeoutMs: 200 })).code).toBe('NOT_READY_IN_TIME');
});

test.each(['SIGTERM', 'SIGKILL', 'exit'] as const)(
  'the server ends when its parent ends by %s',
  async (how) => {
    await using folder = await temporaryFolder('parent');
    const program = `
    import { startNatsServer } from '@katbus/cli/nats-server';
    const nats = await startNatsServer({ storeDirectory: process.argv[1], port: 0, monitoringPort: 0 });
    console.log(nats.port);
    ${how === 'exit' ? 'process.exit(0)' : 'setInterval(() => undefined, 1000)'}`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program, folder.path], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string];
    if (how !== 'exit') parent.kill(how);
    const refused = () =>
      greeting(Number(line)).then(
        () => false,
        () => true,
      );
    await waitFor(refused, { what: 'the server to be gone' });
  },
);
