import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  BusConnection,
  JetStreamError,
  Markers,
  checkMarker,
  parseMarker,
  publishStored,
  setupStreams,
  storedMessage,
} from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;

beforeEach(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({ servers: server.url, name: 'marker test' });
});

afterEach(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

test('a marker lands in both streams after what was published before it, and passes on the live path', async () => {
  await setupStreams(connection);
  const markers = new Markers(connection, 'portal_1');
  const live: unknown[] = [];
  connection.subscribe(markers.subject('live'), (message) => live.push(parseMarker(message.data)));
  for (let i = 0; i < 500; i++) {
    connection.publish('sensor.normal.wx.wind', String(i));
    connection.publish('sensor.archive.wx.wind', String(i));
  }
  const first = await markers.publish();
  expect(first.archive.sequence).toBe(501);
  expect(first.live.sequence).toBe(501);
  const second = await markers.publish();
  expect(second.archive.nonce).not.toBe(first.archive.nonce);
  const stored = await storedMessage(connection, 'LIVE', second.live.sequence);
  expect(stored?.subject).toBe('sync.live.portal_1');
  expect(parseMarker(stored?.data ?? new Uint8Array())).toEqual({
    portal: 'portal_1',
    boot: markers.boot,
    count: 2,
    nonce: second.live.nonce,
  });
  expect(live).toMatchObject([{ count: 1 }, { count: 2 }]);
  expect(new Markers(connection, 'portal_1').boot).not.toBe(markers.boot);
});

test('a position is told from the same number in a stream that was made anew, and from one that was let go', async () => {
  await setupStreams(connection);
  const markers = new Markers(connection, 'p');
  const { live } = await markers.publish();
  expect(await checkMarker(connection, 'live', live)).toBe('same');
  await connection.request('$JS.API.STREAM.PURGE.LIVE');
  expect(await checkMarker(connection, 'live', live)).toBe('gone');
  await connection.request('$JS.API.STREAM.DELETE.LIVE');
  await setupStreams(connection);
  expect(await checkMarker(connection, 'live', live)).toBe('gone');
  await publishStored(connection, 'sensor.normal.wx.wind', 'no marker');
  expect(await checkMarker(connection, 'live', live)).toBe('other');
});

test('without the streams it says what to do, and without an answer it ends in time', async () => {
  const failure = new Markers(connection, 'p').publish();
  await expect(failure).rejects.toBeInstanceOf(JetStreamError);
  await expect(failure).rejects.toThrow(/no stream takes this subject: run "katbus setup"/);
  // Another portal listens, so the server has nothing to complain of.
  connection.subscribe('sync.>', () => undefined);
  await expect(new Markers(connection, 'p', { timeoutMs: 100 }).publish()).rejects.toMatchObject({
    code: 'REQUEST_TIMEOUT',
    timeoutMs: 100,
  });
});

test('publishing with an acknowledgement tells the refusals of a stream from successes', async () => {
  await connection.request(
    '$JS.API.STREAM.CREATE.SMALL',
    JSON.stringify({ name: 'SMALL', subjects: ['small'], max_msgs: 1, discard: 'new', max_msg_size: 10 }),
  );
  expect(await publishStored(connection, 'small', 'fits')).toEqual({ stream: 'SMALL', sequence: 1 });
  await expect(publishStored(connection, 'small', 'full')).rejects.toThrow(/maximum messages exceeded/);
  await expect(publishStored(connection, 'small', 'much too large')).rejects.toMatchObject({
    apiCode: 10054,
  });
});

test('what is no marker is not taken for one', () => {
  for (const text of ['', 'no JSON', '{}', 'null', '{"portal":"p","boot":"b","count":"1","nonce":"n"}']) {
    expect(parseMarker(Buffer.from(text))).toBeUndefined();
  }
});
