import { describe, expect, test } from 'vitest';
import { MOST_REQUESTS_A_BATCH } from '@katbus/protocol';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { RawWebsocket } from '../support/raw-websocket.ts';
import { TestPortal } from '../support/test-portal.ts';

const PADDING = 'x'.repeat(1_000);

/** Publishes to some sensors in turn until told to stop, not faster than the test's other client gets it. */
async function flood(
  portal: TestPortal,
  sensors: number,
  isOver: () => boolean | Promise<boolean>,
): Promise<number> {
  let count = 0;
  while (!(await isOver())) {
    for (let i = 0; i < 200; i += 1, count += 1) portal.publish(`s${count % sensors}`, `${count} ${PADDING}`);
    await portal.bus.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}

describe('a client that stops reading', () => {
  test('is closed with 4008; until then its outbox is bounded and its neighbour loses nothing', async () => {
    const portal = await TestPortal.start({
      limits: { stuckMs: 1_500, outboxBytes: 256 * 1024, closeTimeoutMs: 200 },
    });
    try {
      const neighbour = await portal.client();
      await neighbour.request('subscribe', { subjects: ['sensor.>'], snapshot: false });
      const stuck = await RawWebsocket.connect(portal.portal.port);
      stuck.request('subscribe', { subjects: ['sensor.>'], snapshot: false });
      await waitFor(() => stuck.text.includes('"result"'), { what: 'the answer' });
      stuck.socket.pause();
      const closed = 'closes_total{code="4008"}';
      let mostExternalMb = 0;
      const count = await flood(portal, 50, async () => {
        mostExternalMb = Math.max(mostExternalMb, process.memoryUsage().external / 1e6);
        return (await portal.metric(closed)) === 1;
      });
      // Far more was published than may wait: kernel buffers take some megabytes, the outbox 256 kB.
      expect(count * PADDING.length).toBeGreaterThan(8e6);
      expect(await portal.metric('skipped_total')).toBeGreaterThan(count / 2);
      expect(mostExternalMb).toBeLessThan(200);
      const samples = await neighbour.until('sample', (all) => all.length === count, 'all samples', 20_000);
      expect(samples.every(({ skipped }) => skipped === undefined)).toBe(true);
      expect(samples.map(({ sample }) => Number((sample.value as string).split(' ', 1)[0]))).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
      await waitFor(async () => (await portal.metric('sessions')) === 1, { what: 'the session to be gone' });
      stuck.destroy();
    } finally {
      await portal.stop();
    }
  }, 60_000);

  test('and goes on gets what waited, the newest of each sensor, with a true count of what it skipped', async () => {
    const portal = await TestPortal.start({ limits: { stuckMs: 60_000, outboxBytes: 128 * 1024 } });
    try {
      const client = await portal.client();
      await client.request('subscribe', { subjects: ['sensor.>'], snapshot: false });
      client.websocket.pause();
      let rounds = 0;
      const count = await flood(portal, 20, async () => {
        rounds += 1;
        return rounds > 50 && (await portal.metric('skipped_total')) > 5_000;
      });
      client.websocket.resume();
      for (let i = 0; i < 20; i += 1) portal.publish(`s${(count + i) % 20}`, `${count + i} ${PADDING}`);
      const last = String(count + 19);
      await client.until(
        'sample',
        (all) => all.some(({ sample }) => (sample.value as string).startsWith(`${last} `)),
        'the last sample',
      );
      const bySensor = Map.groupBy(client.of('sample'), ({ sample }) => sample.name);
      expect(bySensor.size).toBe(20);
      for (const samples of bySensor.values()) {
        let turn = -1;
        for (const { sample, skipped } of samples) {
          turn += 1 + (skipped ?? 0);
          expect(Math.floor(Number((sample.value as string).split(' ', 1)[0]) / 20)).toBe(turn);
        }
        expect(turn).toBe(Math.floor((count + 19) / 20));
      }
      expect(client.of('gap')).toEqual([]);
    } finally {
      await portal.stop();
    }
  }, 60_000);

  test('of more sensors than may wait is told of the gap, and gets a fresh snapshot', async () => {
    const portal = await TestPortal.start({
      limits: { stuckMs: 60_000, outboxBytes: 64 * 1024, heldSensors: 10, storeTimeoutMs: 50 },
    });
    try {
      const client = await portal.client();
      await client.request('subscribe', { subjects: ['sensor.>'] });
      client.websocket.pause();
      await flood(portal, 100, async () => (await portal.metric('skipped_total')) > 1_000);
      client.websocket.resume();
      const [gap] = await client.until('gap', (all) => all.length > 0, 'the gap');
      expect(gap?.reason).toBe('more sensors changed than may wait for a slow client');
      expect(gap?.to).toBeGreaterThan(gap?.from ?? Infinity);
      const pages = await client.until('snapshot', (all) => all.length > 1, 'the fresh snapshot');
      expect(pages.slice(1).flatMap(({ samples }) => samples)).toHaveLength(100);
      expect(await portal.metric('gaps_total{reason="slowClient"}')).toBe(1);
    } finally {
      await portal.stop();
    }
  }, 60_000);

  test('cannot make its answers pile up: nothing is read from it while they wait', async () => {
    const portal = await TestPortal.start({
      limits: { stuckMs: 2_000, outboxBytes: 64 * 1024, requestsUnderWay: 4, closeTimeoutMs: 200 },
    });
    try {
      const neighbour = await portal.client();
      const stuck = await RawWebsocket.connect(portal.portal.port);
      stuck.socket.pause();
      const batch = JSON.stringify(
        Array.from({ length: MOST_REQUESTS_A_BATCH }, (_, id) => ({
          jsonrpc: '2.0',
          id,
          method: 'info',
          params: {},
        })),
      );
      const asked = () => portal.metric('requests_total{method="info",outcome="ok"}');
      let sent = 0;
      let before = -1;
      let mostUnread = 0;
      // As long as the portal reads, the socket takes more; then it is full.
      while (before !== (await asked()) || sent < 2_000) {
        before = await asked();
        for (let i = 0; i < 500; i += 1, sent += 1) stuck.send(batch);
        await neighbour.sync();
        mostUnread = Math.max(mostUnread, stuck.socket.writableLength);
        // On a busy machine it may be closed before.
        if (mostUnread > 20e6 || stuck.isClosed) break;
      }
      expect(mostUnread).toBeGreaterThan(1e6);
      await waitFor(async () => (await portal.metric('closes_total{code="4008"}')) === 1, {
        what: 'the close',
      });
      await neighbour.sync();
      stuck.destroy();
    } finally {
      await portal.stop();
    }
  }, 60_000);
});
