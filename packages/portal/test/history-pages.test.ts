import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BusConnection, BusService } from '@katbus/bus/nats';
import type { HistoryRequest } from '@katbus/protocol';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.ts';
import { plainEnvironment } from '../../../test/support/katbus-up.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { RawWebsocket } from './support/raw-websocket.ts';
import { TestPortal } from './support/test-portal.ts';

const PAGE_SAMPLES = 5_000;
/** How often the reader stops. */
const TURNS = 120;
const YEAR_SECONDS = 365 * 86_400;

/** An archive with a year of one sample a second: what a page holds is made when it is asked for. */
function yearPage({ component, sensor, start, end, after }: HistoryRequest): string {
  const from = Number(after ?? start);
  const count = Math.min(PAGE_SAMPLES, end - from);
  const samples = Array.from({ length: count }, (_, place) => ({
    time: from + place,
    value_ts: from + place,
    status: 'nominal',
    value: Math.sin(from + place),
  }));
  const next = from + count < end ? { next: String(from + count) } : {};
  return JSON.stringify({ component, sensor, samples, through: 1, ...next });
}

function archive(
  bus: BusConnection,
  onAsked: (request: HistoryRequest) => Promise<void> | void,
): Promise<BusService> {
  return BusService.start(bus, {
    name: 'store',
    version: '0.0.0',
    endpoints: [
      {
        name: 'history',
        subject: 'rpc.store.history',
        handler: async ({ data }) => {
          const request = JSON.parse(Buffer.from(data).toString()) as HistoryRequest;
          await onAsked(request);
          return yearPage(request);
        },
      },
      { name: 'gaps', subject: 'rpc.store.gaps', handler: () => ({ gaps: [] }) },
    ],
  });
}

describe('a year of history, asked for over HTTP by a client that reads slowly', () => {
  let nats: TestNats;
  let bus: BusConnection;
  let service: BusService;
  let portal: ChildProcess;
  let port: number;
  let asked = 0;
  beforeAll(async () => {
    nats = await startTestNats();
    bus = await BusConnection.connect({ servers: nats.url, name: 'test' });
    service = await archive(bus, () => void (asked += 1));
    // A process of its own, whose memory is nobody else's.
    const main = new URL('../../cli/src/main.ts', import.meta.url).pathname;
    const preload = new URL('./support/held-memory.ts', import.meta.url).href;
    const node = ['--expose-gc', '--import', preload];
    portal = spawn(process.execPath, [...node, main, 'portal', '--nats', nats.url, '--port', '0'], {
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    let output = '';
    for (const stream of [portal.stdout!, portal.stderr!])
      stream.on('data', (chunk) => (output += String(chunk)));
    port = await waitFor(
      () => Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]) || undefined,
      {
        what: 'the portal to listen',
        timeoutMs: 30_000,
      },
    );
  }, 60_000);
  afterAll(async () => {
    portal.kill();
    await once(portal, 'exit');
    await service.stop();
    await bus.close();
    await nats.stop();
  });

  test('does not grow the portal, and the archive is asked for no more than is read', async () => {
    const heldMb = async () => {
      const answer = once(portal, 'message');
      portal.send('held');
      return Number(((await answer) as unknown[])[0]) / 1e6;
    };
    const socket = connect(port, '127.0.0.1');
    let read = 0;
    socket.on('data', (chunk: Buffer) => (read += chunk.length));
    const range = `start=0&end=${YEAR_SECONDS}`;
    socket.write(`GET /api/history?sensor=wx.a&${range} HTTP/1.1\r\nHost: x\r\n\r\n`);
    // What the portal takes when it works: the first pages are read as fast as they come.
    await waitFor(() => read > 30e6, { what: '30 MB', timeoutMs: 30_000 });
    const held: number[] = [];
    const pageBytes = read / asked;
    for (let turn = 0; turn < TURNS; turn += 1) {
      socket.pause();
      await delay(50);
      if (turn % 10 === 9) held.push(await heldMb());
      // Kernel buffers of both ends take some megabytes; a page is written, and one more may be on its way.
      expect(asked * pageBytes - read).toBeLessThan(16e6);
      const had = read;
      socket.resume();
      await waitFor(() => read > had, { what: 'some more', intervalMs: 1 });
    }
    socket.destroy();
    // The whole would be 2.6 GB, and far more than 100 MB have gone through. What is on its way at a moment swings; the least that is held does not, but rises with all that is kept.
    const [first, second] = [held.slice(0, held.length / 2), held.slice(held.length / 2)];
    expect(Math.min(...second) - Math.min(...first)).toBeLessThan(15);
    const whenGone = asked;
    let before = -1;
    await waitFor(
      () => {
        const isSame = asked === before;
        before = asked;
        return isSame;
      },
      { what: 'no more to be asked for', intervalMs: 300 },
    );
    expect(asked - whenGone).toBeLessThan(6);
  }, 60_000);
});

describe('pages over the websocket', () => {
  let portal: TestPortal;
  let service: BusService;
  let running = 0;
  let most = 0;
  let asked = 0;
  let held: (() => void)[] | undefined;
  beforeAll(async () => {
    portal = await TestPortal.start({
      limits: { pagesUnderWay: 2, outboxBytes: 64 * 1024, stuckMs: 60_000 },
    });
    service = await archive(portal.bus, async () => {
      asked += 1;
      running += 1;
      most = Math.max(most, running);
      if (held !== undefined) await new Promise<void>((resolve) => held?.push(resolve));
      running -= 1;
    });
  });
  afterAll(async () => {
    await service.stop();
    await portal.stop();
  });
  const params = { sensor: 'wx.a', start: 0, end: YEAR_SECONDS };

  test('are asked of the archive so many at a time, whatever a session asks for, and all are answered', async () => {
    held = [];
    const client = await portal.client();
    const neighbour = await portal.client();
    const answers = Array.from({ length: 10 }, () => client.request('history', params));
    await waitFor(() => held?.length === 2, { what: 'two to be asked for' });
    // A session waits for itself alone.
    const another = neighbour.request('history', params);
    await waitFor(() => held?.length === 3, { what: 'the neighbour’s to be asked for' });
    expect(asked).toBe(3);
    for (const release of held.splice(0)) release();
    held = undefined;
    for (const { samples } of await Promise.all([...answers, another]))
      expect(samples).toHaveLength(PAGE_SAMPLES);
    expect(most).toBe(3);
  });

  test('of a batch are answered together', async () => {
    const client = await portal.client();
    const requests = [1, 2, 3, 4, 5].map((id) => ({ jsonrpc: '2.0', id, method: 'history', params }));
    client.send(JSON.stringify(requests));
    await waitFor(() => client.answers.length > 0, { what: 'the batch’s answers' });
    expect((client.answers[0] as { id: number; result: object }[]).map(({ id }) => id)).toEqual([
      1, 2, 3, 4, 5,
    ]);
  });

  test('wait for a client that does not read', async () => {
    asked = 0;
    const stuck = await RawWebsocket.connect(portal.portal.port);
    stuck.socket.pause();
    for (let request = 0; request < 30; request += 1) stuck.request('history', params);
    let before = -1;
    await waitFor(
      () => {
        const isSame = asked > 0 && asked === before;
        before = asked;
        return isSame;
      },
      { what: 'no more to be asked for', intervalMs: 300 },
    );
    // Kernel buffers take some megabytes, of which a page is almost half of one.
    expect(asked).toBeLessThan(25);
    stuck.socket.resume();
    await waitFor(() => asked === 30, { what: 'the rest to be asked for', timeoutMs: 40_000 });
    stuck.destroy();
  }, 60_000);
});
