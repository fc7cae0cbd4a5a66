import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RESEND_HEADER } from '@katbus/protocol';
import {
  AcknowledgedWindow,
  BusConnection,
  setupStreams,
  streamState,
  type WindowEvent,
  type WindowOptions,
} from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './test-server.ts';

let server: TestServer;
let connection: BusConnection;
let windows: AcknowledgedWindow[];

beforeEach(async () => {
  server = await startTestServer();
  connection = await connect();
  windows = [];
});

afterEach(async () => {
  for (const window of windows) window.close();
  await connection.close();
  await server[Symbol.asyncDispose]();
});

function connect(): Promise<BusConnection> {
  return BusConnection.connect({
    servers: server.url,
    name: 'window test',
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
  });
}

function makeWindow(options: WindowOptions = {}) {
  const window = new AcknowledgedWindow(connection, options);
  windows.push(window);
  const events: WindowEvent[] = [];
  window.onEvent((event) => events.push(event));
  return { window, events };
}

/** What a stream holds, in its order: read by a consumer of the real server. */
async function stored(stream: string): Promise<{ subject: string; text: string; resend: boolean }[]> {
  const { lastSequence } = await streamState(connection, stream);
  const messages: { subject: string; text: string; resend: boolean }[] = [];
  for (let seq = 1; seq <= lastSequence; seq += 1) {
    const message = await connection.request(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ seq }));
    messages.push({
      subject: message.header('Nats-Subject') ?? '',
      text: Buffer.from(message.data).toString(),
      resend: message.header(RESEND_HEADER) !== undefined,
    });
  }
  return messages;
}

describe('acknowledged publishing', () => {
  it('stores everything once and in order, without headers while nothing is held back', async () => {
    await setupStreams(connection);
    const { window, events } = makeWindow();
    for (let n = 0; n < 300; n += 1) window.publish('sensor.archive.a.b', String(n), 'archive', false);
    expect(await window.flush(5_000)).toBe(true);
    const messages = await stored('ARCHIVE');
    expect(messages.map(({ text }) => Number(text))).toEqual(Array.from({ length: 300 }, (_, n) => n));
    expect(messages.some(({ resend }) => resend)).toBe(false);
    expect(window.counters.archive).toMatchObject({
      published: 300,
      acknowledged: 300,
      resent: 0,
      pending: 0,
    });
    expect(events).toEqual([]);
  });

  it('keeps to its window, and marks what it held back', async () => {
    await setupStreams(connection);
    const { window } = makeWindow({ window: 10 });
    for (let n = 0; n < 100; n += 1) window.publish('sensor.archive.a.b', String(n), 'archive', false);
    expect(window.counters.archive.pending).toBe(100);
    await window.flush(5_000);
    const messages = await stored('ARCHIVE');
    expect(messages.map(({ text }) => Number(text))).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(messages.map(({ resend }) => resend).indexOf(true)).toBe(10);
    expect(window.counters.archive.resent).toBe(0);
  });

  it('keeps one order over both streams while they take what comes: a sensor has samples in both', async () => {
    await setupStreams(connection);
    const { window } = makeWindow({ window: 4 });
    const live: number[] = [];
    connection.subscribe('sensor.*.a.b', ({ data }) => live.push(Number(Buffer.from(data).toString())));
    await connection.flush();
    for (let n = 0; n < 500; n += 1) {
      // Runs of the one and the other, longer and shorter than the window.
      const lane = n % 17 < 11 ? 'archive' : 'normal';
      window.publish(`sensor.${lane}.a.b`, String(n), lane, n % 5 === 0);
    }
    expect(await window.flush(5_000)).toBe(true);
    await vi.waitFor(() => expect(live).toHaveLength(500));
    expect(live).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it('an archive sample does not wait for a LIVE stream that does not answer', async () => {
    await setupStreams(connection);
    const { window } = makeWindow({ window: 4, ackTimeoutMs: 200 });
    await connection.request('$JS.API.STREAM.DELETE.LIVE', '');
    for (let n = 0; n < 20; n += 1) window.publish('sensor.normal.a.b', String(n), 'normal', false);
    for (let n = 20; n < 40; n += 1) window.publish('sensor.archive.a.b', String(n), 'archive', false);
    await vi.waitFor(() => expect(window.counters.archive.acknowledged).toBe(20), 5_000);
    expect(window.counters.normal.acknowledged).toBe(0);
  });

  it('waits for a stream that is not there, says so once, and then sends in order', async () => {
    const { window, events } = makeWindow();
    for (let n = 0; n < 50; n += 1) window.publish('sensor.archive.a.b', String(n), 'archive', false);
    await vi.waitFor(() => {
      expect(events).toEqual([{ type: 'stalled', lane: 'archive', reason: 'no stream takes this subject' }]);
    });
    window.publish('sensor.archive.a.b', '50', 'archive', false);
    await setupStreams(connection);
    expect(await window.flush(10_000)).toBe(true);
    expect((await stored('ARCHIVE')).map(({ text }) => Number(text))).toEqual(
      Array.from({ length: 51 }, (_, n) => n),
    );
    expect(events.at(-1)).toMatchObject({ type: 'flowing', lane: 'archive' });
  });

  it('goes on when a listener to its events throws', async () => {
    await setupStreams(connection);
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => warnings.push(message);
    process.on('warning', onWarning);
    const { window } = makeWindow();
    window.onEvent(() => {
      throw new Error('a fault of the component');
    });
    const { window: other, events } = makeWindow();
    await server.stop();
    await vi.waitFor(() => expect(connection.connected).toBe(false));
    for (const each of [window, other]) {
      each.publish('sensor.archive.a.b', 'kept', 'archive', false);
      each.publish('sensor.normal.a.b', 'kept too', 'normal', false);
    }
    await server.start();
    expect(await other.flush(10_000)).toBe(true);
    expect(await window.flush(10_000)).toBe(true);
    expect(window.counters).toMatchObject({ archive: { acknowledged: 1 }, normal: { acknowledged: 1 } });
    expect(events.map(({ type }) => type)).toEqual(['flowing', 'flowing']);
    expect(warnings).toContain('a listener to the publishing window threw: Error: a fault of the component');
    process.off('warning', onWarning);
  });

  it('does not let the LIVE stream hold back archive samples, and lets normal ones out plain meanwhile', async () => {
    await setupStreams(connection);
    await connection.request('$JS.API.STREAM.DELETE.LIVE');
    const seen: string[] = [];
    connection.subscribe('sensor.normal.>', (message) => seen.push(Buffer.from(message.data).toString()));
    const { window, events } = makeWindow();
    window.publish('sensor.normal.a.b', 'first', 'normal', false);
    await vi.waitFor(() => expect(events.some(({ type }) => type === 'stalled')).toBe(true), {
      timeout: 8_000,
    });
    window.publish('sensor.normal.a.b', 'second', 'normal', false);
    window.publish('sensor.archive.a.b', 'kept', 'archive', false);
    await vi.waitFor(() => expect(seen).toContain('second'));
    await vi.waitFor(() => expect(window.counters.archive.acknowledged).toBe(1));
    expect(window.counters.normal).toMatchObject({ plain: 1, acknowledged: 0 });
    await setupStreams(connection);
    expect(await window.flush(15_000)).toBe(true);
    expect((await stored('LIVE')).map(({ text }) => text)).toEqual(['first']);
  });

  it('loses nothing that it counted as acknowledged when the server is killed under load, and inverts nothing unmarked', async () => {
    await setupStreams(connection);
    const { window } = makeWindow({ ackTimeoutMs: 1_000 });
    const subjects = Array.from({ length: 7 }, (_, place) => `sensor.archive.a.s${place}`);
    const total = 6_000;
    let sent = 0;
    const burst = (count: number) => {
      for (let n = 0; n < count && sent < total; n += 1) {
        window.publish(subjects[sent % subjects.length] ?? '', String(sent), 'archive', false);
        sent += 1;
      }
    };
    const load = setInterval(() => {
      burst(50);
    }, 5);
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      await vi.waitFor(
        () =>
          expect(window.counters.archive.acknowledged).toBeGreaterThan(signal === 'SIGKILL' ? 500 : 2_500),
        {
          timeout: 20_000,
          interval: 5,
        },
      );
      burst(500); // so that some are under way when the server dies
      await server.stop(signal);
      await server.start();
    }
    await vi.waitFor(() => expect(sent).toBe(total), { timeout: 20_000 });
    clearInterval(load);
    expect(await window.flush(20_000)).toBe(true);
    expect(window.counters.archive.resent).toBeGreaterThan(0);
    const messages = await stored('ARCHIVE');
    expect(new Set(messages.map(({ text }) => Number(text))).size).toBe(total);
    const newest = new Map<string, number>();
    for (const { subject, text, resend } of messages) {
      if (!resend) expect(Number(text)).toBeGreaterThan(newest.get(subject) ?? -1);
      newest.set(subject, Math.max(newest.get(subject) ?? -1, Number(text)));
    }
    expect(window.counters.archive).toMatchObject({
      published: total,
      acknowledged: total,
      dropped: 0,
      refused: 0,
    });
  });

  it('gives up what the stream refuses for good, says so, and goes on', async () => {
    await setupStreams(connection);
    const info = await connection.request('$JS.API.STREAM.INFO.ARCHIVE');
    const { config } = JSON.parse(Buffer.from(info.data).toString()) as { config: object };
    await connection.request(
      '$JS.API.STREAM.UPDATE.ARCHIVE',
      JSON.stringify({ ...config, max_msg_size: 100 }),
    );
    const { window, events } = makeWindow();
    window.publish('sensor.archive.a.b', 'x'.repeat(200), 'archive', false);
    window.publish('sensor.archive.a.b', 'fits', 'archive', false);
    window.publish('sensor.archive.a.b', 'y'.repeat(2 * 1024 * 1024), 'archive', false);
    window.publish('sensor.archive.a.b', 'fits too', 'archive', false);
    expect(await window.flush(5_000)).toBe(true);
    expect((await stored('ARCHIVE')).map(({ text }) => text)).toEqual(['fits', 'fits too']);
    expect(window.counters.archive).toMatchObject({ refused: 2, acknowledged: 2 });
    expect(events.map(({ type }) => type)).toEqual(['refused', 'refused']);
  });

  it('drops the oldest that is no change of status when its buffer is full, and tells how many', async () => {
    const { window, events } = makeWindow({ mostArchiveMessages: 10, window: 4, ackTimeoutMs: 500 });
    await server.stop();
    await vi.waitFor(() => expect(connection.connected).toBe(false));
    for (let n = 0; n < 30; n += 1) window.publish('sensor.archive.a.b', String(n), 'archive', n % 10 === 0);
    expect(window.counters.archive).toMatchObject({ pending: 10, dropped: 20 });
    await vi.waitFor(() =>
      expect(events).toContainEqual(expect.objectContaining({ type: 'dropped', count: 20 })),
    );
    await server.start();
    await vi.waitFor(() => expect(connection.connected).toBe(true));
    await setupStreams(connection);
    expect(await window.flush(10_000)).toBe(true);
    expect((await stored('ARCHIVE')).map(({ text }) => Number(text))).toEqual([
      0, 10, 20, 23, 24, 25, 26, 27, 28, 29,
    ]);
  });

  it('recovers from a server that freezes without closing its sockets', async () => {
    await setupStreams(connection);
    const { window } = makeWindow({ ackTimeoutMs: 300 });
    window.publish('sensor.archive.a.b', '0', 'archive', false);
    await window.flush(5_000);
    await server.pause();
    for (let n = 1; n <= 20; n += 1) window.publish('sensor.archive.a.b', String(n), 'archive', false);
    expect(await window.flush(1_000)).toBe(false);
    server.resume();
    expect(await window.flush(10_000)).toBe(true);
    const numbers = (await stored('ARCHIVE')).map(({ text }) => Number(text));
    expect(new Set(numbers).size).toBe(21);
  });
});
