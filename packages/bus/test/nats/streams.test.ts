import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  BusConnection,
  JetStreamError,
  STREAM_DEFAULTS,
  StreamMissingError,
  checkStreams,
  readDurability,
  setupStreams,
  streamState,
} from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;

beforeEach(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({ servers: server.url, name: 'streams test' });
});

afterEach(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

/** The stream's configuration as the server has it, past our own code. */
async function configOf(stream: string): Promise<Record<string, unknown>> {
  const answer = await connection.request(`$JS.API.STREAM.INFO.${stream}`);
  return (JSON.parse(Buffer.from(answer.data).toString()) as { config: Record<string, unknown> }).config;
}

async function createStream(config: Record<string, unknown> & { name: string }): Promise<void> {
  const answer = await connection.request(`$JS.API.STREAM.CREATE.${config.name}`, JSON.stringify(config));
  expect(Buffer.from(answer.data).toString()).not.toContain('"error"');
}

test('setup creates the three streams, names them as missing before, and changes nothing the second time', async () => {
  expect(await checkStreams(connection)).toEqual(['ARCHIVE', 'LIVE', 'STATE']);
  await expect(streamState(connection, 'ARCHIVE')).rejects.toBeInstanceOf(StreamMissingError);
  const first = await setupStreams(connection, {}, { archiveMaxBytes: 123_000_000 });
  expect(first.streams.map(({ stream, action }) => [stream, action])).toEqual([
    ['ARCHIVE', 'created'],
    ['LIVE', 'created'],
    ['STATE', 'created'],
  ]);
  expect(await checkStreams(connection)).toEqual([]);
  expect(await configOf('ARCHIVE')).toMatchObject({
    subjects: ['sensor.archive.>', 'attributes.>', 'sync.archive.*'],
    storage: 'file',
    retention: 'limits',
    discard: 'old',
    allow_direct: true,
    num_replicas: 1,
    max_age: 7 * 24 * 3600 * 1e9,
    max_bytes: 123_000_000,
  });
  expect(await configOf('LIVE')).toMatchObject({
    subjects: ['sensor.normal.>', 'sync.live.*'],
    storage: 'file',
    max_age: 600e9,
    max_bytes: STREAM_DEFAULTS.liveMaxBytes,
  });
  expect(await configOf('STATE')).toMatchObject({
    subjects: ['portal.time', 'portal.aggregate.*', 'portal.component.*'],
    max_msgs_per_subject: 1,
  });
  // Another default (the disk is fuller now) is no wish to change what is there.
  const second = await setupStreams(connection, {}, { archiveMaxBytes: 99_000_000 });
  expect(second.streams.map(({ action, refused }) => [action, refused])).toEqual([
    ['unchanged', []],
    ['unchanged', []],
    ['unchanged', []],
  ]);
  expect(second.streams[0]).toMatchObject({ maxBytes: 123_000_000, maxAgeSeconds: 604_800, replicas: 1 });
  expect(await streamState(connection, 'LIVE')).toMatchObject({ messages: 0, lastSequence: 0, replicas: 1 });
});

test('setup updates what settings say and reports what it may not change', async () => {
  await createStream({ name: 'LIVE', subjects: ['sensor.normal.>'], storage: 'memory', max_age: 60e9 });
  const { streams } = await setupStreams(connection, { liveMaxAgeSeconds: 30 });
  const live = streams.find(({ stream }) => stream === 'LIVE');
  expect(live?.action).toBe('updated');
  expect(live?.changes.map(({ field }) => field).toSorted()).toEqual([
    'allow_direct',
    'description',
    'duplicate_window',
    'max_age',
    'subjects',
  ]);
  expect(live?.refused).toEqual([
    { field: 'storage', from: 'memory', to: 'file', reason: 'a stream keeps this for life' },
  ]);
  expect(await configOf('LIVE')).toMatchObject({ max_age: 30e9, allow_direct: true, storage: 'memory' });
});

test('setup reports an update that the server refuses and leaves the stream as it is', async () => {
  await setupStreams(connection);
  const { streams } = await setupStreams(connection, { replicas: 3 });
  expect(streams[0]).toMatchObject({ action: 'unchanged', replicas: 1 });
  expect(streams[0]?.refused[0]).toMatchObject({ field: 'num_replicas', from: 1, to: 3 });
  expect(streams[0]?.refused[0]?.reason).toMatch(/replicas/);
});

test('setups that run at once all succeed', async () => {
  const reports = await Promise.all(
    [1, 2, 3, 4].map((days) => setupStreams(connection, { archiveMaxAgeSeconds: days * 86_400 })),
  );
  expect(reports).toHaveLength(4);
  expect(await checkStreams(connection)).toEqual([]);
});

test('setup says which stream cannot be made and why', async () => {
  await createStream({ name: 'OTHER', subjects: ['sensor.>'] });
  const failure = setupStreams(connection);
  await expect(failure).rejects.toBeInstanceOf(JetStreamError);
  await expect(failure).rejects.toThrow(/create stream ARCHIVE: subjects overlap/);
});

test('a server without JetStream is told from a missing stream', async () => {
  await using plain = await startTestServer('jetstream: disabled');
  const visitor = await BusConnection.connect({ servers: plain.url, name: 'visitor' });
  await expect(setupStreams(visitor)).rejects.toThrow(/JetStream does not answer/);
  await visitor.close();
});

test('durability is read from the monitoring and otherwise called unknown', async () => {
  expect(await readDurability(server.monitoringUrl)).toMatchObject({ syncIntervalMs: 1000 });
  expect((await readDurability(server.monitoringUrl)).text).toContain('every 1 s');
  expect((await readDurability(undefined)).syncIntervalMs).toBeUndefined();
  expect((await readDurability('http://127.0.0.1:1')).text).toContain('unknown');
  expect((await readDurability('no URL')).text).toContain('unknown');
  await using careful = await startTestServer('jetstream { sync_interval: always }');
  expect((await readDurability(careful.monitoringUrl)).syncIntervalMs).toBe('always');
});
