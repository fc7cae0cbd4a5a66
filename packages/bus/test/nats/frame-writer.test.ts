import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusConnection } from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;
let received: { subject: string; reply: string | undefined; text: string }[];

beforeEach(async () => {
  server = await startTestServer('max_payload: 200000\n');
  connection = await BusConnection.connect({ servers: server.url, name: 'writer' });
  received = [];
  connection.subscribe('frames.>', ({ subject, reply, data }) =>
    received.push({ subject, reply, text: Buffer.from(data).toString() }),
  );
  await connection.flush();
});

afterEach(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

describe('frames that are written', () => {
  it('arrive as they are and in order, whatever is in them and however long they are', async () => {
    const texts = Array.from({ length: 3_000 }, (_, n) => `${n} ${'ä€😀\r\n'.repeat(n % 7)} PUB a 1`);
    texts.splice(1_500, 0, 'x'.repeat(200_000), '', 'é'.repeat(70_000));
    for (const [n, text] of texts.entries()) connection.write(`frames.${n}`, `inbox.${n}`, text);
    await connection.flush();
    await vi.waitFor(() => expect(received).toHaveLength(texts.length));
    expect(received).toEqual(texts.map((text, n) => ({ subject: `frames.${n}`, reply: `inbox.${n}`, text })));
  });

  it('are not overtaken by what is published after them in the same turn', async () => {
    connection.write('frames.first', 'inbox', '1');
    connection.publish('frames.second', '2');
    connection.write('frames.third', 'inbox', '3');
    await connection.flush();
    await vi.waitFor(() => expect(received.map(({ text }) => text)).toEqual(['1', '2', '3']));
  });

  it('go out at the end of the turn by themselves', async () => {
    connection.write('frames.alone', 'inbox', 'text');
    await vi.waitFor(() => expect(received).toHaveLength(1));
  });

  it('are refused when the server would not take them, and disturb nothing else', async () => {
    expect(() => connection.write('frames.large', 'inbox', 'x'.repeat(200_001))).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE', bytes: 200_001 }),
    );
    expect(() => connection.write('frames.a b', 'inbox', 'x')).toThrow(
      expect.objectContaining({ code: 'MALFORMED_SUBJECT' }),
    );
    connection.write('frames.good', 'inbox', 'x');
    await vi.waitFor(() => expect(received).toHaveLength(1));
    await connection.close();
    expect(() => connection.write('frames.late', 'inbox', 'x')).toThrow(
      expect.objectContaining({ code: 'NATS_DISCONNECTED', retryable: false }),
    );
  });
});
