import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BusConnection,
  KvBucket,
  MalformedKeyError,
  RevisionConflictError,
  type ConnectionStatus,
  type KvEntry,
} from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;

beforeEach(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({
    servers: server.url,
    name: 'kv test',
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
  });
});

afterEach(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

const text = (entry: KvEntry | undefined) => entry && Buffer.from(entry.value).toString();

/** What a watcher was told, as `key=value` and `key deleted`. */
async function watched(bucket: KvBucket, pattern = '>') {
  const told: string[] = [];
  const undo = await bucket.watch(pattern, (entry) =>
    told.push(entry.deleted ? `${entry.key} deleted` : `${entry.key}=${text(entry) ?? ''}`),
  );
  return { told, undo };
}

describe('reading and writing', () => {
  test('a key has its last value, a revision and a time; a deleted or unknown one has none', async () => {
    const bucket = await KvBucket.open(connection, 'policies');
    expect(await bucket.get('rules')).toBeUndefined();
    const first = await bucket.put('rules', '[]');
    const second = await bucket.put('rules', Buffer.from('[1]'));
    expect(second).toBeGreaterThan(first);
    const entry = await bucket.get('rules');
    expect(entry).toMatchObject({ key: 'rules', revision: second, deleted: false });
    expect(text(entry)).toBe('[1]');
    expect(Math.abs((entry?.timestampUs ?? 0) / 1000 - Date.now())).toBeLessThan(60_000);
    await bucket.delete('rules');
    expect(await bucket.get('rules')).toBeUndefined();
  });

  test('creating and updating compare first', async () => {
    const bucket = await KvBucket.open(connection, 'users');
    const first = await bucket.create('lisa', '1');
    await expect(bucket.create('lisa', 'again')).rejects.toBeInstanceOf(RevisionConflictError);
    const second = await bucket.update('lisa', '2', first);
    await expect(bucket.update('lisa', 'late', first)).rejects.toMatchObject({
      code: 'REVISION_CONFLICT',
      bucket: 'users',
      key: 'lisa',
      revision: first,
    });
    await expect(bucket.delete('lisa', first)).rejects.toBeInstanceOf(RevisionConflictError);
    await bucket.delete('lisa', second);
    await bucket.create('lisa', 'reborn');
    expect(text(await bucket.get('lisa'))).toBe('reborn');
  });

  test('of many that update one key at once, one at a time wins', async () => {
    const bucket = await KvBucket.open(connection, 'counter');
    await bucket.put('n', '0');
    const increment = async (): Promise<void> => {
      const entry = await bucket.get('n');
      try {
        await bucket.update('n', String(Number(text(entry)) + 1), entry?.revision ?? 0);
      } catch (error) {
        if (!(error instanceof RevisionConflictError)) throw error;
        await increment();
      }
    };
    await Promise.all(Array.from({ length: 20 }, increment));
    expect(text(await bucket.get('n'))).toBe('20');
  });

  test('lists entries and keys by pattern, more than a direct get gives', async () => {
    const bucket = await KvBucket.open(connection, 'many');
    await Promise.all(Array.from({ length: 1_200 }, (_, i) => bucket.put(`a.${i}`, String(i))));
    await bucket.put('b.1', 'x');
    await bucket.delete('a.7');
    expect(await bucket.keys('a.*')).toHaveLength(1_199);
    expect(
      (await bucket.entries('b.>')).map(({ key, value }) => [key, Buffer.from(value).toString()]),
    ).toEqual([['b.1', 'x']]);
    expect(await bucket.keys('c')).toEqual([]);
  });

  test('refuses names that the layer cannot take, by name', async () => {
    await expect(KvBucket.open(connection, 'a.b')).rejects.toBeInstanceOf(MalformedKeyError);
    const bucket = await KvBucket.open(connection, 'b');
    for (const key of ['', '.a', 'a.', 'a..b', 'a b', 'a*', 'ä', '>']) {
      await expect(bucket.put(key, '')).rejects.toBeInstanceOf(MalformedKeyError);
      await expect(bucket.get(key)).rejects.toMatchObject({ code: 'MALFORMED_KEY', field: 'key', text: key });
    }
    await expect(bucket.keys('a b')).rejects.toBeInstanceOf(MalformedKeyError);
  });

  test('an existing bucket keeps what options do not name, and takes what they do', async () => {
    await KvBucket.open(connection, 'b', { history: 3, description: 'first' });
    await KvBucket.open(connection, 'b', { ttlSeconds: 60 });
    const answer = await connection.request('$JS.API.STREAM.INFO.KV_b');
    expect(JSON.parse(Buffer.from(answer.data).toString())).toMatchObject({
      config: { max_msgs_per_subject: 3, max_age: 60e9, description: 'first', allow_direct: true },
    });
  });
});

describe('watching', () => {
  test('tells what is there, then each change, until the undo', async () => {
    const bucket = await KvBucket.open(connection, 'w');
    await bucket.put('a', '1');
    await bucket.put('gone', '1');
    await bucket.delete('gone');
    const { told, undo } = await watched(bucket);
    expect(told).toEqual(['a=1']);
    await bucket.put('b', '2');
    await bucket.put('a', '3');
    await bucket.delete('b');
    await vi.waitFor(() => {
      expect(told).toEqual(['a=1', 'b=2', 'a=3', 'b deleted']);
    });
    undo();
    await bucket.put('a', '4');
    await connection.flush();
    expect(told).toHaveLength(4);
  });

  test('a pattern leaves the other keys out, and an empty bucket is watched as well', async () => {
    const bucket = await KvBucket.open(connection, 'w');
    const { told, undo } = await watched(bucket, 'x.*');
    expect(told).toEqual([]);
    await bucket.put('y.1', '1');
    await bucket.put('x.1', '2');
    await vi.waitFor(() => {
      expect(told).toEqual(['x.1=2']);
    });
    undo();
  });

  test('a key that runs out is told as deleted', async () => {
    const bucket = await KvBucket.open(connection, 'w', { ttlSeconds: 1 });
    await bucket.put('a', '1');
    const { told, undo } = await watched(bucket);
    await vi.waitFor(
      () => {
        expect(told).toEqual(['a=1', 'a deleted']);
      },
      { timeout: 10_000 },
    );
    expect(await bucket.get('a')).toBeUndefined();
    await bucket.create('a', '2');
    undo();
  });

  test('changes while the server was away from us are told when it is back', async () => {
    const bucket = await KvBucket.open(connection, 'w');
    await bucket.put('kept', '1');
    await bucket.put('changed', '1');
    await bucket.put('deleted', '1');
    const { told, undo } = await watched(bucket);
    told.length = 0;
    await server.stop();
    await server.start();
    // Another client is back before us.
    const other = await BusConnection.connect({ servers: server.url, name: 'other' });
    const theirs = await KvBucket.open(other, 'w');
    await theirs.put('changed', '2');
    await theirs.delete('deleted');
    await theirs.put('born', '1');
    await vi.waitFor(
      () => {
        expect(told.toSorted()).toEqual(['born=1', 'changed=2', 'deleted deleted']);
      },
      { timeout: 10_000 },
    );
    await other.close();
    undo();
  });

  test('a bucket that was made anew is told as what it is now', async () => {
    const bucket = await KvBucket.open(connection, 'w');
    await bucket.put('a', '1');
    await bucket.put('b', '1');
    const { told, undo } = await watched(bucket);
    told.length = 0;
    await connection.request('$JS.API.STREAM.DELETE.KV_w');
    await KvBucket.open(connection, 'w');
    await bucket.put('c', '1');
    await bucket.put('b', '2');
    await vi.waitFor(
      () => {
        expect(told.toSorted()).toEqual(['a deleted', 'b=2', 'c=1']);
      },
      { timeout: 10_000 },
    );
    undo();
  });

  test('a handler that throws is reported and goes on being told', async () => {
    const statuses: ConnectionStatus[] = [];
    connection.onStatus((status) => statuses.push(status));
    const bucket = await KvBucket.open(connection, 'w');
    const handler = vi.fn(() => {
      throw new Error('broken');
    });
    const undo = await bucket.watch('>', handler);
    await bucket.put('a', '1');
    await bucket.put('b', '1');
    await vi.waitFor(() => {
      expect(handler).toHaveBeenCalledTimes(2);
    });
    expect(statuses[0]).toMatchObject({ type: 'error', detail: 'handler of $KV.w.a threw: Error: broken' });
    undo();
  });
});
