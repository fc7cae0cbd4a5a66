import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  AcknowledgedWindow,
  BusConnection,
  DurableConsumer,
  KvBucket,
  Markers,
  lastValues,
  publishStored,
  setupStreams,
} from '@katbus/bus/nats';
import { freePorts } from '../../../../tools/free-ports.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let servers: TestServer[];
const connections: BusConnection[] = [];

beforeAll(async () => {
  const ports = await freePorts('127.0.0.1', 3);
  const routes = ports.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  // Together: one alone has no quorum, and is not ready before it has.
  servers = await Promise.all(
    ports.map((port, i) =>
      startTestServer(
        `server_name: n${i}\ncluster { name: mesh, listen: "127.0.0.1:${port}", routes: [${routes}] }\n`,
      ),
    ),
  );
  const connection = await connect(0);
  await vi.waitFor(() => setupStreams(connection, { replicas: 3 }), { timeout: 20_000, interval: 200 });
}, 60_000);

afterAll(async () => {
  for (const connection of connections) await connection.close();
  for (const server of servers) await server[Symbol.asyncDispose]();
});

/** First to the server with that number; the others are known to it. */
async function connect(place: number): Promise<BusConnection> {
  const connection = await BusConnection.connect({
    servers: servers[place]?.url ?? '',
    name: 'mesh test',
    reconnectDelayMs: 50,
    reconnectJitterMs: 50,
  });
  connections.push(connection);
  return connection;
}

/** The place of the server that leads a stream now. */
async function leaderOf(stream: string): Promise<number> {
  const answer = await (await connect(0)).request(`$JS.API.STREAM.INFO.${stream}`);
  const { cluster } = JSON.parse(Buffer.from(answer.data).toString()) as { cluster: { leader: string } };
  return Number(cluster.leader.slice(1));
}

test('last values read with a marker are never older than what was acknowledged before it', async () => {
  const publisher = await connect(1);
  const reader = await connect(2);
  const markers = new Markers(reader, 'p');
  for (let round = 0; round < 150; round++) {
    await publishStored(publisher, 'sensor.archive.mesh.wind', String(round));
    const { sequence } = (await markers.publish()).archive;
    const [value] = await lastValues(reader, 'ARCHIVE', ['sensor.archive.mesh.wind'], {
      including: { subject: markers.subject('archive'), sequence },
    });
    expect(Buffer.from(value?.data ?? []).toString()).toBe(String(round));
  }
});

test('killing the leader of the stream loses no acknowledged sample, and the reader misses and repeats none', async () => {
  const total = 6_000;
  const publisher = await connect(1);
  const window = new AcknowledgedWindow(publisher, { ackTimeoutMs: 1_000 });
  const consumer = await DurableConsumer.open(await connect(2), {
    stream: 'ARCHIVE',
    durable: 'archiver',
    filter: 'sensor.archive.load.*',
  });
  const received: string[] = [];
  const sequences: number[] = [];
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const messages = await consumer.fetch({ maxMessages: 500, maxWaitMs: 200 });
      received.push(...messages.map(({ data }) => Buffer.from(data).toString()));
      sequences.push(...messages.map(({ sequence }) => sequence));
      const last = messages.at(-1);
      if (last !== undefined) await consumer.acknowledge(last).catch(() => undefined);
    }
  })();
  let sent = 0;
  const load = setInterval(() => {
    for (let i = 0; i < 50 && sent < total; i++)
      window.publish(`sensor.archive.load.s${i}`, String(sent++), 'archive', false);
  }, 10);
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(1_000), { timeout: 20_000 });
  const leader = servers[await leaderOf('ARCHIVE')];
  await leader?.stop('SIGKILL');
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(3_000), { timeout: 30_000 });
  await leader?.start();
  await vi.waitFor(() => expect(sent).toBe(total), { timeout: 20_000 });
  clearInterval(load);
  expect(await window.flush(30_000)).toBe(true);
  await vi.waitFor(() => expect(new Set(received).size).toBe(total), { timeout: 30_000 });
  isOver = true;
  await reading;
  expect(new Set(sequences).size).toBe(sequences.length);
  expect(sequences.toSorted((a, b) => a - b)).toEqual(sequences);
  expect(window.counters.archive).toMatchObject({ acknowledged: total, dropped: 0, refused: 0 });
  window.close();
  consumer.close();
}, 120_000);

test('a bucket is read by the leader: what one server took, another one gives', async () => {
  const near = await connect(1);
  // A mesh that has just chosen its leader may still take one of three for being away.
  const first = await vi.waitFor(() => KvBucket.open(near, 'mesh', { replicas: 3 }), {
    timeout: 20_000,
    interval: 200,
  });
  const second = await KvBucket.open(await connect(2), 'mesh');
  for (let round = 0; round < 100; round++) {
    const revision = await first.put('key', String(round));
    expect(await second.get('key')).toMatchObject({ revision });
  }
});
