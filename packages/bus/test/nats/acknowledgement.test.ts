import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AcknowledgedWindow, BusConnection, streamState, type WindowEvent } from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;
let window: AcknowledgedWindow;
let events: WindowEvent[];

beforeEach(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({ servers: server.url, name: 'acknowledgement test' });
  window = new AcknowledgedWindow(connection, { ackTimeoutMs: 1_000 });
  events = [];
  window.onEvent((event) => events.push(event));
});

afterEach(async () => {
  window.close();
  await connection.close();
  await server[Symbol.asyncDispose]();
});

async function stream(operation: 'CREATE' | 'UPDATE', config: object): Promise<void> {
  const answer = await connection.request(
    `$JS.API.STREAM.${operation}.S`,
    JSON.stringify({ name: 'S', subjects: ['sensor.archive.>'], ...config }),
  );
  expect(Buffer.from(answer.data).toString()).not.toContain('"error"');
}

const publish = (text: string) => {
  window.publish('sensor.archive.a.b', text, 'archive', false);
};

test('a full stream that refuses is waited for, and goes on in order when it has room', async () => {
  await stream('CREATE', { max_msgs: 5, discard: 'new' });
  for (let n = 0; n < 20; n += 1) publish(String(n));
  await vi.waitFor(() => {
    expect(events).toEqual([{ type: 'stalled', lane: 'archive', reason: 'maximum messages exceeded' }]);
  });
  publish('20');
  expect(window.counters.archive).toMatchObject({ acknowledged: 5, pending: 16, refused: 0 });
  await stream('UPDATE', { max_msgs: 100, discard: 'new' });
  expect(await window.flush(10_000)).toBe(true);
  expect((await streamState(connection, 'S')).messages).toBe(21);
  expect(window.counters.archive).toMatchObject({ acknowledged: 21, refused: 0, dropped: 0 });
});

test('a sealed stream refuses for good', async () => {
  await stream('CREATE', {});
  await stream('UPDATE', { sealed: true });
  publish('never');
  expect(await window.flush(5_000)).toBe(true);
  expect(events).toEqual([
    { type: 'refused', lane: 'archive', subject: 'sensor.archive.a.b', reason: 'the stream is sealed' },
  ]);
});

test('a subscriber that answers samples as if they were requests changes nothing', async () => {
  await stream('CREATE', {});
  for (const text of ['', 'ok', '{}', 'null', '{"error":"mine"}', '{"stream']) {
    connection.subscribe('sensor.>', (message) => {
      message.respond(text);
    });
    connection.subscribe('sensor.>', (message) => {
      message.respond(text, { 'Nats-Service-Error-Code': '400', 'Nats-Service-Error': 'what?' });
    });
  }
  const report = vi.fn();
  connection.onStatus(report);
  for (let n = 0; n < 50; n += 1) publish(String(n));
  expect(await window.flush(10_000)).toBe(true);
  expect(window.counters.archive).toMatchObject({ acknowledged: 50, resent: 0 });
  expect((await streamState(connection, 'S')).messages).toBe(50);
  expect(events).toEqual([]);
  expect(report).not.toHaveBeenCalled();
});
