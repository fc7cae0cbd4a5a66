import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  BusConnection,
  Markers,
  publishStored,
  readStream,
  setupStreams,
  storedMessage,
  type StreamMessage,
} from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;
let markers: Markers;

beforeEach(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({
    servers: server.url,
    name: 'catch-up test',
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
  });
  await setupStreams(connection);
  markers = new Markers(connection, 'p');
});

afterEach(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

/** Publishes `count` messages with payloads from `first` on, spread over three sensors, and a marker after them. */
async function publish(first: number, count: number) {
  for (let i = first; i < first + count; i++) connection.publish(`sensor.normal.c.s${i % 3}`, String(i));
  const { sequence } = (await markers.publish()).live;
  return { subject: markers.subject('live'), sequence };
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const isSample = ({ subject }: StreamMessage) => subject.startsWith('sensor.');
const number = ({ data }: StreamMessage) => Number(Buffer.from(data).toString());

test('reads from a sequence to a marker and not beyond it', async () => {
  const first = await publish(1, 20);
  const until = await publish(21, 20);
  await publish(41, 5);
  const read: StreamMessage[] = [];
  const report = await readStream(connection, 'LIVE', {
    from: { sequence: first.sequence + 1 },
    until,
    onMessage: (message) => read.push(message),
    batchMessages: 7,
  });
  expect(read.filter(isSample).map(number)).toEqual(range(21, 40));
  expect(read.at(-1)).toMatchObject(until);
  expect(report).toEqual({ messages: 21, missing: undefined });
});

test('reads some subjects only, from a time', async () => {
  await publish(1, 9);
  const { sequence } = await publishStored(connection, 'sensor.normal.c.s1', '100');
  const until = await publish(101, 6);
  const timeUs = (await storedMessage(connection, 'LIVE', sequence))?.timestampUs ?? 0;
  const read: StreamMessage[] = [];
  await readStream(connection, 'LIVE', {
    from: { timeUs },
    until,
    subjects: ['sensor.normal.c.s1', 'sensor.normal.c.s2'],
    onMessage: (message) => read.push(message),
  });
  expect(read.filter(isSample).map(number)).toEqual([100, 101, 103, 104, 106]);
});

test('nothing between two places is read as nothing', async () => {
  const until = await publish(1, 3);
  const onMessage = vi.fn();
  await readStream(connection, 'LIVE', { from: { sequence: until.sequence + 1 }, until, onMessage });
  expect(onMessage).not.toHaveBeenCalled();
});

test('says what the stream had let go', async () => {
  const until = await publish(1, 20);
  await connection.request('$JS.API.STREAM.PURGE.LIVE', JSON.stringify({ seq: 11 }));
  const read: StreamMessage[] = [];
  const report = await readStream(connection, 'LIVE', {
    from: { sequence: 3 },
    until,
    onMessage: (message) => read.push(message),
  });
  expect(read.filter(isSample).map(number)).toEqual(range(11, 20));
  expect(report.missing).toEqual({ fromSequence: 3, toSequence: 10 });
});

test('goes on where it was when the server is killed in the midst of it', async () => {
  const until = await publish(1, 20_000);
  const read: number[] = [];
  let kills = 0;
  await readStream(connection, 'LIVE', {
    from: 'first',
    until,
    batchMessages: 1_000,
    onMessage: (message) => {
      if (isSample(message)) read.push(number(message));
    },
    onBatch: async () => {
      if (kills === 3 || read.length < kills * 5_000 + 2_000) return;
      kills += 1;
      await server.stop('SIGKILL');
      await server.start();
    },
  });
  expect(kills).toBe(3);
  expect(read).toEqual(range(1, 20_000));
});

test('ends when told to, when its reader throws, and when the end is not reached in time', async () => {
  const until = await publish(1, 10);
  const read = (options: object) =>
    readStream(connection, 'LIVE', { from: 'first', until, onMessage: () => undefined, ...options });
  await expect(read({ signal: AbortSignal.abort(new Error('stop')) })).rejects.toThrow('stop');
  const broken = () => {
    throw new Error('broken');
  };
  await expect(read({ onMessage: broken })).rejects.toThrow('broken');
  await expect(read({ onBatch: broken, batchMessages: 2 })).rejects.toThrow('broken');
  const beyond = { subject: until.subject, sequence: until.sequence + 1 };
  await expect(read({ until: beyond, timeoutMs: 100 })).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
  await vi.waitFor(async () => {
    const answer = await connection.request('$JS.API.CONSUMER.NAMES.LIVE');
    expect(JSON.parse(Buffer.from(answer.data).toString())).toMatchObject({ total: 0 });
  });
});
