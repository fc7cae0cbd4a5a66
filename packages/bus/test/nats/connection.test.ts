import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  BusConnection,
  ConnectError,
  DisconnectedError,
  MalformedSubjectError,
  NoResponderError,
  PayloadTooLargeError,
  RequestTimeoutError,
  type ConnectionStatus,
} from '@katbus/bus/nats';
import { slowLink } from './slow-link.ts';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;

beforeAll(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({ servers: server.url, name: 'connection test' });
});

afterAll(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('publish and subscribe', () => {
  test('carries subject, payload, reply and headers', async () => {
    const received = vi.fn();
    const undo = connection.subscribe('greet.*', (message) => {
      received(
        message.subject,
        text(message.data),
        message.reply,
        message.hasHeaders,
        message.header('Katbus-Resend'),
        message.header('Absent'),
      );
    });
    connection.publish('greet.a', 'plain');
    connection.publish('greet.b', new Uint8Array([104, 105]), {
      reply: 'there',
      headers: { 'Katbus-Resend': '1' },
    });
    await connection.flush();
    expect(received.mock.calls).toEqual([
      ['greet.a', 'plain', undefined, false, undefined, undefined],
      ['greet.b', 'hi', 'there', true, '1', undefined],
    ]);
    undo();
    connection.publish('greet.a', 'after the undo');
    await connection.flush();
    expect(received).toHaveBeenCalledTimes(2);
  });

  test('gives each message to one member of a queue', async () => {
    let count = 0;
    const undos = [1, 2, 3].map(() =>
      connection.subscribe('queued', () => (count += 1), { queue: 'workers' }),
    );
    for (let i = 0; i < 20; i++) connection.publish('queued', '');
    await connection.flush();
    expect(count).toBe(20);
    undos.forEach((undo) => {
      undo();
    });
  });

  test('a handler that throws is reported and disturbs neither other subscriptions nor its own next message', async () => {
    const statuses: ConnectionStatus[] = [];
    const undoStatus = connection.onStatus((status) => statuses.push(status));
    const received: string[] = [];
    const undoBad = connection.subscribe('bad.>', (message) => {
      received.push(`bad ${text(message.data)}`);
      throw new Error('broken handler');
    });
    const undoGood = connection.subscribe('bad.>', (message) => received.push(`good ${text(message.data)}`));
    connection.publish('bad.1', '1');
    connection.publish('bad.2', '2');
    await connection.flush();
    expect(received.toSorted()).toEqual(['bad 1', 'bad 2', 'good 1', 'good 2']);
    expect(statuses.map((status) => status.type)).toEqual(['error', 'error']);
    expect(statuses[0]?.detail).toContain('broken handler');
    [undoStatus, undoBad, undoGood].forEach((undo) => {
      undo();
    });
  });

  test('refuses what NATS cannot carry, by name', () => {
    expect(() => {
      connection.publish('white space', '');
    }).toThrow(MalformedSubjectError);
    expect(() => connection.subscribe('', () => undefined)).toThrow(MalformedSubjectError);
    expect(connection.maxPayload).toBe(1024 * 1024);
    expect(() => {
      connection.publish('big', new Uint8Array(connection.maxPayload + 1));
    }).toThrow(PayloadTooLargeError);
  });
});

describe('request', () => {
  test('resolves with the answer', async () => {
    const undo = connection.subscribe('double', (message) => {
      message.respond(String(2 * Number(text(message.data))));
    });
    expect(text((await connection.request('double', '21')).data)).toBe('42');
    undo();
  });

  test('rejects at once when nobody listens', async () => {
    await expect(connection.request('nobody.here', '')).rejects.toBeInstanceOf(NoResponderError);
    await expect(
      connection.requestMany('nobody.here', '', { onMessage: () => undefined, totalMs: 10_000 }),
    ).rejects.toMatchObject({ code: 'NO_RESPONDER', subject: 'nobody.here' });
  });

  test('rejects when the listener keeps silent', async () => {
    const undo = connection.subscribe('silent', () => undefined);
    await expect(connection.request('silent', '', { timeoutMs: 50 })).rejects.toBeInstanceOf(
      RequestTimeoutError,
    );
    undo();
  });

  test('for many ends at the last answer, at a stall, and at the total time', async () => {
    const undo = connection.subscribe('many', (message) => {
      for (const part of ['a', 'b', 'end']) message.respond(part);
    });
    const collect = async (options: { stallMs?: number; totalMs: number; last?: string }) => {
      const parts: string[] = [];
      await connection.requestMany('many', '', {
        onMessage: (message) => parts.push(text(message.data)),
        isLast: (message) => text(message.data) === options.last,
        ...options,
      });
      return parts;
    };
    expect(await collect({ totalMs: 20_000, last: 'b' })).toEqual(['a', 'b']);
    expect(await collect({ totalMs: 20_000, stallMs: 100 })).toEqual(['a', 'b', 'end']);
    expect(await collect({ totalMs: 100 })).toEqual(['a', 'b', 'end']);
    undo();
  });
});

describe('life of a connection', () => {
  test('naming a server that is not there fails with its URL', async () => {
    const failure = BusConnection.connect({ servers: 'nats://127.0.0.1:1', name: 'nobody' });
    await expect(failure).rejects.toBeInstanceOf(ConnectError);
    await expect(failure).rejects.toThrow(
      'cannot connect to NATS at nats://127.0.0.1:1 (connection refused): start nats-server there or give another URL',
    );
  });

  test('a refused login fails at once, even when told to wait', async () => {
    await using guarded = await startTestServer('authorization { user: "a", password: "b" }');
    await expect(
      BusConnection.connect({
        servers: guarded.url,
        name: 'burglar',
        user: 'a',
        password: 'wrong',
        waitOnFirstConnect: true,
      }),
    ).rejects.toThrow(/authorization violation/i);
    const admitted = await BusConnection.connect({
      servers: guarded.url,
      name: 'owner',
      user: 'a',
      password: 'b',
    });
    expect(admitted.connected).toBe(true);
    await admitted.close();
  });

  test.each([
    ['a user with a password', 'authorization { user: me, password: "se:c@ret" }', 'me:se:c%40ret@'],
    ['a token', 'authorization { token: "s3cret" }', 's3cret@'],
  ])('%s may stand in the URL, and is never told', async (_what, config, login) => {
    await using closed = await startTestServer(config);
    const withLogin = (text: string) => closed.url.replace('nats://', `nats://${text}`);
    const connection = await BusConnection.connect({ servers: withLogin(login), name: 'test' });
    await connection.flush();
    await connection.close();
    const wrong = BusConnection.connect({
      servers: withLogin(`${login.slice(0, -1)}wrong@`),
      name: 'test',
    });
    await expect(wrong).rejects.toThrow(ConnectError);
    await expect(wrong).rejects.not.toThrow(/wrong|@/);
  });

  test('waits for the first connection and says so once', async () => {
    await using late = await startTestServer();
    await late.stop();
    const lines: string[] = [];
    const waiting = BusConnection.connect({
      servers: late.url,
      name: 'patient',
      waitOnFirstConnect: true,
      reconnectDelayMs: 20,
      reconnectJitterMs: 20,
      onWaiting: (line) => lines.push(line),
    });
    await vi.waitFor(() => {
      expect(lines).toEqual([`waiting for NATS at ${late.url} (connection refused)`]);
    });
    await late.start();
    const connected = await waiting;
    expect(connected.connected).toBe(true);
    expect(lines).toHaveLength(1);
    await connected.close();
  });

  test('comes back after a restart of the server, with its subscriptions', async () => {
    await using restarted = await startTestServer();
    const survivor = await BusConnection.connect({
      servers: restarted.url,
      name: 'survivor',
      reconnectDelayMs: 20,
      reconnectJitterMs: 20,
    });
    const types: string[] = [];
    survivor.onStatus((status) => types.push(status.type));
    const received = vi.fn();
    survivor.subscribe('still.here', received);
    await restarted.stop();
    await vi.waitFor(() => {
      expect(survivor.connected).toBe(false);
    });
    await expect(survivor.request('still.here')).rejects.toMatchObject({
      code: 'NATS_DISCONNECTED',
      retryable: true,
    });
    await restarted.start();
    await vi.waitFor(
      () => {
        expect(survivor.connected).toBe(true);
      },
      { timeout: 10_000 },
    );
    survivor.publish('still.here', '');
    await survivor.flush();
    expect(received).toHaveBeenCalledTimes(1);
    await survivor.close();
    expect(types.filter((type) => type !== 'lame-duck' && type !== 'error')).toEqual([
      'disconnected',
      'reconnected',
      'closed',
    ]);
  });

  test('a request under way fails at once when the connection is lost', async () => {
    await using lost = await startTestServer();
    const asking = await BusConnection.connect({ servers: lost.url, name: 'asking' });
    asking.subscribe('silent', () => undefined);
    const answers = Promise.allSettled([
      asking.request('silent', '', { timeoutMs: 60_000 }),
      asking.requestMany('silent', '', { onMessage: () => undefined, totalMs: 60_000 }),
    ]);
    await asking.flush();
    await lost.stop();
    for (const answer of await answers) {
      expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'NATS_DISCONNECTED' } });
    }
    await asking.close();
  });

  test('notices a server that is frozen, with much still to be written to it', async () => {
    await using frozen = await startTestServer();
    const impatient = await BusConnection.connect({
      servers: frozen.url,
      name: 'impatient',
      pingIntervalMs: 100,
      reconnectDelayMs: 50,
      reconnectJitterMs: 10,
      connectTimeoutMs: 500,
    });
    await frozen.pause();
    for (let i = 0; i < 64; i++) impatient.publish('flood', new Uint8Array(512 * 1024));
    await vi.waitFor(
      () => {
        expect(impatient.connected).toBe(false);
      },
      { timeout: 10_000 },
    );
    frozen.resume();
    await vi.waitFor(
      () => {
        expect(impatient.connected).toBe(true);
      },
      { timeout: 10_000 },
    );
    await impatient.close();
  });

  test('keeps a link on which answers to pings come late, behind much else', async () => {
    await using link = await slowLink(server.port);
    const behind = await BusConnection.connect({
      servers: `nats://127.0.0.1:${link.port}`,
      name: 'behind',
      pingIntervalMs: 100,
    });
    const statuses: ConnectionStatus[] = [];
    behind.onStatus((status) => statuses.push(status));
    let received = 0;
    behind.subscribe('behind.>', () => (received += 1));
    await behind.flush();
    link.bytesPerTick = 4 * 1024;
    // About 2 MB at 0.8 MB/s: a ping waits 25 intervals for its answer.
    for (let i = 0; i < 2_000; i++) connection.publish('behind.x', new Uint8Array(1_000));
    await vi.waitFor(() => expect(received).toBe(2_000), { timeout: 20_000 });
    expect(statuses).toEqual([]);
    await behind.close();
  });

  test('closed, it refuses every call', async () => {
    const done = await BusConnection.connect({ servers: server.url, name: 'done' });
    expect(done.serverInfo).toMatchObject({ jetStream: true, url: `127.0.0.1:${server.port}` });
    expect(await done.roundTripMs()).toBeLessThan(5_000);
    await done.drain();
    expect(done.connected).toBe(false);
    expect(() => {
      done.publish('a', '');
    }).toThrow(DisconnectedError);
    expect(() => done.subscribe('a', () => undefined)).toThrow(DisconnectedError);
    await expect(done.request('a', '')).rejects.toBeInstanceOf(DisconnectedError);
    await expect(done.flush()).rejects.toMatchObject({ retryable: false });
    await done.drain();
  });

  test('drains and closes while the server is away', async () => {
    await using gone = await startTestServer();
    const left = await BusConnection.connect({ servers: gone.url, name: 'left' });
    await gone.stop();
    await vi.waitFor(() => {
      expect(left.connected).toBe(false);
    });
    await left.drain();
    expect(left.closed).toBe(true);
  });
});
