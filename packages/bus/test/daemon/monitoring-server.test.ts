import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Gauge, Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MonitoringServer, PortInUseError } from '@katbus/bus/daemon';

const HOST = '127.0.0.1';

let server: MonitoringServer;
let reason: string | undefined;

beforeEach(async () => {
  const registry = new Registry();
  new Gauge({ name: 'katbus_test_answers', help: 'answers', registers: [registry] }).set(42);
  reason = undefined;
  server = await MonitoringServer.start({ host: HOST, port: 0, registry, readiness: () => reason });
});

afterEach(() => server.stop());

/** As no well-behaved client would ask: the request line goes out as it is. */
async function rawStatus(target: string): Promise<string | undefined> {
  const socket = connect(server.port, HOST);
  await once(socket, 'connect');
  socket.end(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  return (await text(socket)).split('\r\n', 1)[0];
}

async function ask(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`http://${HOST}:${server.port}${path}`);
  return { status: response.status, body: await response.text() };
}

describe('MonitoringServer', () => {
  it('tells that the process answers, whether it does its work, and its metrics', async () => {
    expect(await ask('/healthz')).toEqual({ status: 200, body: 'ok\n' });
    expect(await ask('/readyz?verbose')).toEqual({ status: 200, body: 'ready\n' });
    reason = 'NATS is away';
    expect(await ask('/readyz')).toEqual({ status: 503, body: 'not ready: NATS is away\n' });
    expect((await ask('/metrics')).body).toContain('katbus_test_answers 42');
    expect((await ask('/elsewhere')).status).toBe(404);
  });

  it.each(['//', '//[', 'http://[', '/%', '*', '/healthz/../..//'])(
    'answers a request for %s, which is no path, and goes on',
    async (target) => {
      expect(await rawStatus(target)).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect((await ask('/healthz')).status).toBe(200);
    },
  );

  it('says by name that its port is in use', async () => {
    const { port } = server;
    const second = MonitoringServer.start({
      host: HOST,
      port,
      registry: new Registry(),
      readiness: () => undefined,
    });
    await expect(second).rejects.toThrow(PortInUseError);
    await expect(second).rejects.toThrow(`monitoring port ${port}`);
  });
});
