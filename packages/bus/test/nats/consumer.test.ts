import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BusConnection,
  DurableConsumer,
  StreamMissingError,
  setupStreams,
  type ConsumerEvent,
  type DurableConsumerOptions,
  type StreamMessage,
} from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;
let published = 0;

beforeEach(async () => {
  server = await startTestServer();
  connection = await BusConnection.connect({
    servers: server.url,
    name: 'consumer test',
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
  });
  await setupStreams(connection);
  published = 0;
});

afterEach(async () => {
  await connection.close();
  await server[Symbol.asyncDispose]();
});

/** Publishes numbers; the n-th message has the payload n. */
async function publish(count: number, subject = 'sensor.archive.wx.wind'): Promise<void> {
  for (let i = 0; i < count; i++) connection.publish(subject, String((published += 1)));
  await connection.request(subject, String((published += 1)));
}

const number = (message: StreamMessage) => Number(Buffer.from(message.data).toString());
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

function open(options: Partial<DurableConsumerOptions> = {}): Promise<DurableConsumer> {
  return DurableConsumer.open(connection, { stream: 'ARCHIVE', durable: 'archiver', ...options });
}

/** Fetches until so many messages are there. */
async function fetchCount(consumer: DurableConsumer, count: number): Promise<StreamMessage[]> {
  const messages: StreamMessage[] = [];
  await vi.waitFor(
    async () => {
      messages.push(...(await consumer.fetch({ maxMessages: count - messages.length, lingerMs: 5 })));
      expect(messages.length).toBeGreaterThanOrEqual(count);
    },
    { timeout: 20_000, interval: 1 },
  );
  return messages;
}

describe('reading', () => {
  test('gives out messages in order with subject, sequence, time and headers, in batches as asked', async () => {
    const beforeUs = Date.now() * 1000;
    await publish(24);
    connection.publish('attributes.wx', '26', { headers: { Origin: 'test' } });
    const consumer = await open();
    const first = await consumer.fetch({ maxMessages: 10 });
    expect(first.map(number)).toEqual(range(1, 10));
    expect(first.map(({ sequence }) => sequence)).toEqual(range(1, 10));
    const rest = await fetchCount(consumer, 16);
    expect(rest.map(number)).toEqual(range(11, 26));
    expect(rest.at(-1)).toMatchObject({ subject: 'attributes.wx', redelivered: false });
    expect(rest.at(-1)?.header('Origin')).toBe('test');
    expect(rest[0]?.header('Origin')).toBeUndefined();
    const times = [...first, ...rest].map(({ timestampUs }) => timestampUs);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(Math.abs((times[0] ?? 0) - beforeUs)).toBeLessThan(60e6);
    expect(times.every(Number.isSafeInteger)).toBe(true);
    consumer.close();
  });

  test('returns none when nothing comes in time, and what comes as soon as it comes', async () => {
    const consumer = await open();
    expect(await consumer.fetch({ maxMessages: 10, maxWaitMs: 30 })).toEqual([]);
    const waiting = consumer.fetch({ maxMessages: 10, maxWaitMs: 20_000, lingerMs: 1 });
    await publish(0);
    expect((await waiting).map(number)).toEqual([1]);
    const pending = consumer.fetch({ maxMessages: 10, maxWaitMs: 20_000 });
    consumer.close();
    expect(await pending).toEqual([]);
  });

  test('a filter leaves the rest out and makes no gaps of it', async () => {
    const events: ConsumerEvent[] = [];
    const consumer = await open({ filter: 'attributes.>', onEvent: (event) => events.push(event) });
    await publish(3);
    await publish(2, 'attributes.wx');
    await publish(3);
    await publish(1, 'attributes.wx');
    expect((await fetchCount(consumer, 5)).map(number)).toEqual([5, 6, 7, 12, 13]);
    expect(events.map(({ type }) => type)).toEqual(['ready']);
    consumer.close();
  });

  test('large messages come through although a batch of them is beyond the limit of bytes', async () => {
    const consumer = await open({ batchBytes: 1 });
    for (let i = 0; i < 12; i++) connection.publish('sensor.archive.wx.picture', new Uint8Array(900_000));
    expect(await fetchCount(consumer, 12)).toHaveLength(12);
    consumer.close();
  });

  test('a stream that is missing is named', async () => {
    await expect(open({ stream: 'NOWHERE' })).rejects.toBeInstanceOf(StreamMissingError);
  });
});

describe('acknowledging', () => {
  test('the next process goes on after the last acknowledged message, and is given what the one before lost, at once', async () => {
    await publish(99);
    const first = await open({ batchMessages: 50 });
    const batch = await fetchCount(first, 30);
    await fetchCount(first, 20);
    await first.acknowledge(batch.at(-1)!);
    expect(await first.status()).toMatchObject({ acknowledgedSequence: 30 });
    // As a kill would: no word to the server, with messages given out and others in the buffer.
    first.close();
    const second = await open({ batchMessages: 50 });
    const messages = await fetchCount(second, 70);
    expect(messages.map(number)).toEqual(range(31, 100));
    // The first process was given 50 and had the rest in its buffer.
    expect(messages.slice(0, 20).every(({ redelivered }) => redelivered)).toBe(true);
    await second.acknowledge(messages.at(-1)!);
    expect(await second.status()).toMatchObject({ acknowledgedSequence: 100, ackPending: 0, pending: 0 });
    second.close();
    const third = await open();
    await publish(0);
    const [next] = await fetchCount(third, 1);
    expect(next).toMatchObject({ sequence: 101, redelivered: false });
    third.close();
  });

  test('what the caller has stored counts for more than what the server remembers, in both directions', async () => {
    await publish(49);
    const first = await open();
    const messages = await fetchCount(first, 50);
    await first.acknowledge(messages[29]!);
    first.close();
    const anchor = (n: number) => messages[n - 1]!;
    const ahead = await open({ after: anchor(40) });
    expect((await fetchCount(ahead, 10)).map(number)).toEqual(range(41, 50));
    ahead.close();
    const behind = await open({ after: anchor(10) });
    expect((await fetchCount(behind, 40)).map(number)).toEqual(range(11, 50));
    behind.close();
  });

  test('rewind gives out again what was not acknowledged', async () => {
    await publish(19);
    const consumer = await open();
    const messages = await fetchCount(consumer, 20);
    await consumer.acknowledge(messages[4]!);
    consumer.rewind();
    const again = await fetchCount(consumer, 15);
    expect(again.map(number)).toEqual(range(6, 20));
    expect(again.every(({ redelivered }) => redelivered)).toBe(true);
    consumer.close();
  });

  test('a message that waits for its acknowledgement longer than the server does is not given out twice', async () => {
    await publish(9);
    const consumer = await open({ ackWaitMs: 200 });
    const messages = await fetchCount(consumer, 10);
    expect(await consumer.fetch({ maxMessages: 10, maxWaitMs: 1_000 })).toEqual([]);
    expect((await consumer.status())?.redelivered).toBeGreaterThan(0);
    await consumer.acknowledge(messages.at(-1)!);
    await publish(0);
    expect((await fetchCount(consumer, 1)).map(number)).toEqual([11]);
    consumer.close();
  });
});

describe('trouble', () => {
  test('a server killed and started again under load loses and repeats nothing', async () => {
    const consumer = await open({ batchMessages: 100 });
    const received: number[] = [];
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        const messages = await consumer.fetch({ maxMessages: 100, maxWaitMs: 100, lingerMs: 1 });
        received.push(...messages.map(number));
        const last = messages.at(-1);
        if (last !== undefined) await consumer.acknowledge(last).catch(() => undefined);
      }
    })();
    for (let round = 0; round < 4; round++) {
      await publish(499);
      await vi.waitFor(
        () => {
          expect(received.length).toBeGreaterThan(round * 500 + 100);
        },
        { timeout: 20_000 },
      );
      await server.stop(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await server.start();
      await connection.whenConnected();
    }
    await vi.waitFor(
      () => {
        expect(received.length).toBeGreaterThanOrEqual(2_000);
      },
      { timeout: 20_000 },
    );
    isOver = true;
    await reading;
    expect(received).toEqual(range(1, 2_000));
    consumer.close();
  });

  // That each of them gets everything is not promised: one may take the other's new consumer for its own. One reader a durable is the rule.
  test('two readers of one durable take turns with pauses, and nothing escapes both', async () => {
    const events: ConsumerEvent[] = [];
    const onEvent = (event: ConsumerEvent) => events.push(event);
    // Each knows its own place, as archivers do: the server's is that of whoever acknowledged last.
    const after = { sequence: 0 };
    const readers = await Promise.all([open({ onEvent, after }), open({ onEvent, after })]);
    let isPublishing = true;
    const publishing = (async () => {
      while (isPublishing) await publish(5);
    })();
    const seen = readers.map(() => new Set<number>());
    const all = new Set<number>();
    const startMs = performance.now();
    let wanted = Infinity;
    const reading = readers.map(async (reader, place) => {
      while (all.size < wanted && performance.now() - startMs < 50_000) {
        const messages = await reader.fetch({ maxMessages: 1_000, maxWaitMs: 50, lingerMs: 5 });
        for (const message of messages) {
          seen[place]?.add(number(message));
          all.add(number(message));
        }
        const last = messages.at(-1);
        if (last !== undefined) await reader.acknowledge(last).catch(() => undefined);
      }
    });
    await vi.waitFor(() => expect(performance.now() - startMs).toBeGreaterThan(3_000), { timeout: 5_000 });
    isPublishing = false;
    await publishing;
    wanted = published;
    await Promise.all(reading);
    expect(all.size).toBe(published);
    for (const mine of seen) expect(mine.size).toBeGreaterThan(0);
    expect(events.filter(({ type }) => type === 'lost').length).toBeLessThan(40);
    for (const reader of readers) reader.close();
  }, 60_000);

  test('a consumer that somebody deleted is made again where it was', async () => {
    const events: ConsumerEvent[] = [];
    const consumer = await open({ onEvent: (event) => events.push(event) });
    await publish(9);
    const messages = await fetchCount(consumer, 10);
    await consumer.acknowledge(messages[6]!);
    await connection.request('$JS.API.CONSUMER.DELETE.ARCHIVE.archiver');
    await publish(4);
    expect((await fetchCount(consumer, 5)).map(number)).toEqual(range(11, 15));
    expect(events.map(({ type }) => type)).toEqual(['ready', 'lost', 'ready']);
    consumer.close();
  });

  test('messages that another reader took away are read again', async () => {
    const consumer = await open();
    await publish(4);
    const first = await fetchCount(consumer, 5);
    await consumer.acknowledge(first.at(-1)!);
    // A zombie of an archiver pulls on the same durable and swallows what it gets.
    await expect(consumer.fetch({ maxMessages: 1, maxWaitMs: 1 })).resolves.toEqual([]);
    const taken: string[] = [];
    const undo = connection.subscribe('zombie', (message) => taken.push(message.reply ?? ''));
    for (let i = 0; i < 3; i++)
      connection.publish('$JS.API.CONSUMER.MSG.NEXT.ARCHIVE.archiver', '5', { reply: 'zombie' });
    // Which of two open pulls gets a message is the server's choice.
    while (taken.length === 0) {
      await publish(39);
      await connection.flush();
    }
    expect((await fetchCount(consumer, published - 5)).map(number)).toEqual(range(6, published));
    undo();
    consumer.close();
  });

  test('the last message before a silence is read although another reader took it', async () => {
    const consumer = await open();
    const received: number[] = [];
    let isOver = false;
    const reading = (async () => {
      while (!isOver) {
        const messages = await consumer.fetch({ maxMessages: 100, maxWaitMs: 50, lingerMs: 1 });
        received.push(...messages.map(number));
      }
    })();
    const taken: string[] = [];
    const undo = connection.subscribe('zombie', (message) => taken.push(message.reply ?? ''));
    connection.publish('$JS.API.CONSUMER.MSG.NEXT.ARCHIVE.archiver', '1', { reply: 'zombie' });
    while (taken.length === 0) {
      await publish(0);
      await vi.waitFor(() => {
        expect(received.length + taken.length).toBe(published);
      });
    }
    await vi.waitFor(
      () => {
        expect(received).toEqual(range(1, published));
      },
      { timeout: 15_000 },
    );
    isOver = true;
    await reading;
    undo();
    consumer.close();
  });

  test('what the stream let go unread is told as a gap', async () => {
    const events: ConsumerEvent[] = [];
    await publish(9);
    const first = await open();
    const messages = await fetchCount(first, 10);
    await first.acknowledge(messages[3]!);
    first.close();
    await publish(9);
    await connection.request('$JS.API.STREAM.PURGE.ARCHIVE', JSON.stringify({ seq: 13 }));
    const second = await open({
      after: messages[3]!,
      onEvent: (event) => events.push(event),
    });
    expect((await fetchCount(second, 8)).map(number)).toEqual(range(13, 20));
    expect(events).toContainEqual({ type: 'gap', fromSequence: 5, toSequence: 12 });
    await connection.request('$JS.API.STREAM.MSG.DELETE.ARCHIVE', JSON.stringify({ seq: 1 }));
    second.close();
  });

  test('thousands of holes, as a purge by subject leaves them, are told one by one, in order', async () => {
    const events: ConsumerEvent[] = [];
    const consumer = await open({ onEvent: (event) => events.push(event) });
    await publish(0);
    await fetchCount(consumer, 1);
    consumer.close();
    for (let i = 0; i < 50; i++) {
      await publish(0, 'sensor.archive.wx.rain');
      await publish(1);
    }
    await connection.request(
      '$JS.API.STREAM.PURGE.ARCHIVE',
      JSON.stringify({ filter: 'sensor.archive.wx.rain' }),
    );
    const after = { sequence: 1 };
    const second = await open({ after, onEvent: (event) => events.push(event) });
    expect(await fetchCount(second, 100)).toHaveLength(100);
    const gaps = events.filter(({ type }) => type === 'gap');
    expect(gaps).toHaveLength(50);
    expect(gaps[0]).toEqual({ type: 'gap', fromSequence: 2, toSequence: 2 });
    expect(gaps.at(-1)).toEqual({ type: 'gap', fromSequence: 149, toSequence: 149 });
    second.close();
  });

  test('a consumer that somebody made anew at another place is no gap: what was passed over is read', async () => {
    const events: ConsumerEvent[] = [];
    const consumer = await open({ after: { sequence: 0 }, onEvent: (event) => events.push(event) });
    await publish(19);
    await fetchCount(consumer, 20);
    await publish(19);
    await fetchCount(consumer, 20);
    await connection.request('$JS.API.CONSUMER.DELETE.ARCHIVE.archiver');
    await connection.request(
      '$JS.API.CONSUMER.CREATE.ARCHIVE.archiver',
      JSON.stringify({
        stream_name: 'ARCHIVE',
        config: {
          durable_name: 'archiver',
          ack_policy: 'all',
          deliver_policy: 'by_start_sequence',
          opt_start_seq: 60,
        },
      }),
    );
    await publish(39);
    expect((await fetchCount(consumer, 40)).map(number)).toEqual(range(41, 80));
    expect(events.filter(({ type }) => type === 'gap')).toEqual([]);
    consumer.close();
  });

  test('a stream that was wiped is told as reset and read from its first message', async () => {
    const events: ConsumerEvent[] = [];
    await publish(9);
    const first = await open();
    const messages = await fetchCount(first, 10);
    await first.acknowledge(messages.at(-1)!);
    first.close();
    await connection.request('$JS.API.STREAM.DELETE.ARCHIVE');
    await setupStreams(connection);
    await publish(19);
    const second = await open({
      after: messages.at(-1)!,
      onEvent: (event) => events.push(event),
    });
    expect((await fetchCount(second, 20)).map(number)).toEqual(range(11, 30));
    expect(events[0]).toMatchObject({ type: 'stream-reset' });
    expect(events.filter(({ type }) => type === 'gap')).toEqual([]);
    second.close();
  });

  test('a stream wiped under the running reader is read from its first message', async () => {
    const events: ConsumerEvent[] = [];
    const consumer = await open({ onEvent: (event) => events.push(event) });
    await publish(9);
    const messages = await fetchCount(consumer, 10);
    await consumer.acknowledge(messages.at(-1)!);
    await connection.request('$JS.API.STREAM.DELETE.ARCHIVE');
    await setupStreams(connection);
    await publish(4);
    expect((await fetchCount(consumer, 5)).map(number)).toEqual(range(11, 15));
    expect(events.map(({ type }) => type)).toContain('stream-reset');
    consumer.close();
  });
});
