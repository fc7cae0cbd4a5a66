import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BusConnection, KvBucket, Lease } from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
const connections: BusConnection[] = [];

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
  await server[Symbol.asyncDispose]();
});

async function connect(): Promise<BusConnection> {
  const connection = await BusConnection.connect({
    servers: server.url,
    name: 'lease test',
    pingIntervalMs: 300,
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
    connectTimeoutMs: 500,
  });
  connections.push(connection);
  return connection;
}

/** A connection of its own for each, as processes have. */
async function acquire(holder: string, options: object = {}): Promise<Lease> {
  return Lease.acquire(await connect(), { name: 'archiver', holder, ttlSeconds: 1, ...options });
}

test('one holds, renews and keeps it; the other stands by, named who has it', async () => {
  const first = await acquire('first');
  const onStandingBy = vi.fn();
  let second: Lease | undefined;
  const waiting = acquire('second', { onStandingBy }).then((lease) => (second = lease));
  await vi.waitFor(() => {
    expect(onStandingBy).toHaveBeenCalledWith('first');
  });
  // Three lives of the key.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  expect(first.held).toBe(true);
  expect(second).toBeUndefined();
  expect(onStandingBy).toHaveBeenCalledTimes(1);
  const startMs = performance.now();
  await first.release();
  expect(first.held).toBe(false);
  expect((await waiting).holder).toBe('second');
  expect(performance.now() - startMs).toBeLessThan(900);
});

test('of a crowd exactly one holds at any time, whatever holders do', async () => {
  let holding = 0;
  let most = 0;
  let rounds = 0;
  const member = async (holder: string) => {
    const lease = await acquire(holder);
    holding += 1;
    most = Math.max(most, holding);
    expect(lease.held).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    holding -= 1;
    rounds += 1;
    await lease.release();
  };
  await Promise.all(Array.from({ length: 6 }, (_, i) => member(`member ${i}`)));
  expect(rounds).toBe(6);
  expect(most).toBe(1);
});

test('when the holder vanishes the next one gets it after the key has run out, not before', async () => {
  const holder = await connect();
  const lease = await Lease.acquire(holder, { name: 'archiver', holder: 'doomed', ttlSeconds: 1 });
  await holder.close();
  const startMs = performance.now();
  const next = await acquire('next');
  expect(performance.now() - startMs).toBeGreaterThan(300);
  expect(next.held).toBe(true);
  expect(lease.held).toBe(false);
});

test('what a killed process left is taken at once by the next one with its identity, and by no other', async () => {
  const killed = await connect();
  const lease = await Lease.acquire(killed, {
    name: 'archiver',
    holder: 'killed',
    identity: 'folder 1',
    ttlSeconds: 10,
  });
  await killed.close();
  const onStandingBy = vi.fn();
  const abort = new AbortController();
  const other = acquire('other', {
    identity: 'folder 2',
    ttlSeconds: 10,
    onStandingBy,
    signal: abort.signal,
  });
  await vi.waitFor(() => {
    expect(onStandingBy).toHaveBeenCalledWith('killed');
  });
  const startMs = performance.now();
  const next = await acquire('next', { identity: 'folder 1', ttlSeconds: 10 });
  expect(performance.now() - startMs).toBeLessThan(2_000);
  expect(next.held).toBe(true);
  expect(lease.holder).toBe('killed');
  abort.abort();
  await expect(other).rejects.toThrow();
});

test('a process that had been stopped, and comes back when its successor has the lease, has lost it', async () => {
  const options = { identity: 'folder 1', ttlSeconds: 10 };
  const first = await acquire('first', options);
  const second = await acquire('second', options);
  expect(await first.lost).toBe('second has it');
  expect([first.held, second.held]).toEqual([false, true]);
});

test('a holder that is cut off knows it in time and says why', async () => {
  const lease = await acquire('cut off');
  await server.pause();
  expect(await lease.lost).toBe('not renewed for 1000 ms');
  expect(lease.held).toBe(false);
  server.resume();
  expect((await acquire('again')).held).toBe(true);
});

test('a restart of the server within the time costs nobody the lease', async () => {
  const lease = await acquire('patient', { ttlSeconds: 5 });
  let isLost = false;
  void lease.lost.then(() => (isLost = true));
  const revisionOf = async () =>
    (await (await KvBucket.open(await connect(), 'lease_archiver')).get('holder'))?.revision ?? 0;
  await server.stop('SIGKILL');
  await server.start();
  const before = await revisionOf();
  await vi.waitFor(
    async () => {
      expect(await revisionOf()).toBeGreaterThan(before);
    },
    { timeout: 10_000, interval: 200 },
  );
  expect(lease.held).toBe(true);
  expect(isLost).toBe(false);
});

test('a holder whose key another one has taken gives up at once', async () => {
  const lease = await acquire('robbed');
  const bucket = await KvBucket.open(await connect(), 'lease_archiver');
  await bucket.put('holder', JSON.stringify({ holder: 'robber', instance: 'r' }));
  expect(await lease.lost).toBe('robber has it');
});

test('waiting ends by the signal and by a closed connection', async () => {
  const holding = await acquire('holder');
  const abort = new AbortController();
  const onStandingBy = vi.fn();
  const aborted = acquire('a', { signal: abort.signal, onStandingBy });
  const connection = await connect();
  const closed = Lease.acquire(connection, { name: 'archiver', holder: 'b', ttlSeconds: 1, onStandingBy });
  const outcomes = Promise.allSettled([aborted, closed]);
  await vi.waitFor(() => {
    expect(onStandingBy).toHaveBeenCalledTimes(2);
  });
  abort.abort(new Error('stop'));
  await connection.close();
  const [first, second] = await outcomes;
  expect(first).toMatchObject({ status: 'rejected', reason: { message: 'stop' } });
  expect(second).toMatchObject({ status: 'rejected', reason: { code: 'NATS_DISCONNECTED' } });
  await holding.release();
  await expect(acquire('c', { name: 'not a name' })).rejects.toMatchObject({ code: 'MALFORMED_KEY' });
});
