import { afterEach, beforeEach, expect, test } from 'vitest';
import { BusConnection, setupStreams } from '@katbus/bus/nats';
import { firstDoubtful, type Hole } from '../../src/nats/sequence-holes.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;

beforeEach(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({ servers: server.url, name: 'holes test' });
  await setupStreams(connection);
});

afterEach(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

test('a hole is believed only when the stream has nothing of it', async () => {
  for (let i = 0; i < 100; i++) await connection.request('sensor.archive.wx.wind', String(i));
  await connection.request('$JS.API.STREAM.MSG.DELETE.ARCHIVE', JSON.stringify({ seq: 50 }));
  await connection.request('$JS.API.STREAM.PURGE.ARCHIVE', JSON.stringify({ seq: 10 }));
  const hole = (fromSequence: number, toSequence: number) => ({ place: 0, fromSequence, toSequence });
  const ask = (...holes: Hole[]) => firstDoubtful(connection, 'ARCHIVE', holes);
  expect(await ask(hole(1, 9), hole(50, 50), hole(101, 120))).toBeUndefined();
  expect(await ask(hole(1, 9), hole(49, 50))).toEqual(hole(49, 50));
  expect(await ask(hole(1, 10))).toEqual(hole(1, 10));
  // Of many small ones and a large one, the large one is looked at.
  const small = Array.from({ length: 40 }, () => hole(50, 50));
  expect(await ask(...small, hole(60, 90))).toEqual(hole(60, 90));
  await connection.request('$JS.API.STREAM.DELETE.ARCHIVE');
  expect(await ask(hole(1, 9))).toEqual(hole(1, 9));
});
