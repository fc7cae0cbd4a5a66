import { describe, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { RawWebsocket } from '../support/raw-websocket.ts';
import { TestPortal } from '../support/test-portal.ts';

const PADDING = 'x'.repeat(1_000);
const ALL = { subjects: ['sensor.>'], snapshot: false, mode: 'all' } as const;

/** Publishes to 50 sensors in turn, so many at a time, until told to stop. */
async function flood(portal: TestPortal, isOver: () => Promise<boolean>): Promise<number> {
  let count = 0;
  while (!(await isOver())) {
    for (let i = 0; i < 200; i += 1, count += 1) portal.publish(`s${count % 50}`, `${count} ${PADDING}`);
    await portal.bus.flush();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return count;
}

const numberOf = (value: unknown) => Number((value as string).split(' ', 1)[0]);

describe('a session with the mode "all"', () => {
  test('that cannot keep up is closed with 4011, and its neighbour loses nothing', async () => {
    const portal = await TestPortal.start({
      limits: { outboxBytes: 64 * 1024, allBytes: 2 * 1024 * 1024, closeTimeoutMs: 200 },
    });
    try {
      const neighbour = await portal.client();
      await neighbour.request('subscribe', ALL);
      const stuck = await RawWebsocket.connect(portal.portal.port);
      stuck.request('subscribe', ALL);
      await waitFor(() => stuck.text.includes('"result"'), { what: 'the answer' });
      stuck.socket.pause();
      const closed = 'closes_total{code="4011"}';
      const count = await flood(portal, async () => (await portal.metric(closed)) === 1);
      const samples = await neighbour.until('sample', (all) => all.length === count, 'all samples', 30_000);
      expect(samples.map(({ sample }) => numberOf(sample.value))).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
      expect(samples.some(({ skipped }) => skipped !== undefined)).toBe(false);
      expect(await portal.metric('skipped_total')).toBe(0);
      await waitFor(async () => (await portal.metric('sessions')) === 1, { what: 'the session to be gone' });
      stuck.destroy();
    } finally {
      await portal.stop();
    }
  }, 60_000);

  test('that stops for a while gets everything in order when it goes on', async () => {
    const portal = await TestPortal.start({ limits: { outboxBytes: 64 * 1024, stuckMs: 60_000 } });
    try {
      const client = await portal.client();
      await client.request('subscribe', ALL);
      // Of the same session, one that would be content with the newest.
      await client.request('subscribe', { subjects: ['sensor.*.wx.s1'], snapshot: false });
      client.websocket.pause();
      const count = await flood(portal, async () => (await portal.metric('held_total')) > 3_000);
      client.websocket.resume();
      const samples = await client.until('sample', (all) => all.length === count, 'all samples', 30_000);
      expect(samples.map(({ sample }) => numberOf(sample.value))).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
      expect(await portal.metric('skipped_total')).toBe(0);
    } finally {
      await portal.stop();
    }
  }, 60_000);

  test('loses none of what is published while its snapshot is read, however much', async () => {
    const portal = await TestPortal.start({ limits: { joinBufferMessages: 5, storeTimeoutMs: 300 } });
    try {
      await portal.store('s0', `0 ${PADDING}`);
      const client = await portal.client();
      // The archive does not run: the read waits for it, and is not done before.
      const answered = client.request('subscribe', { subjects: ['sensor.>'], mode: 'all' });
      await waitFor(async () => (await portal.metric('upstream_subscriptions')) === 1, {
        what: 'the interest',
      });
      for (let i = 1; i <= 300; i += 1) portal.publish('s0', `${i} ${PADDING}`);
      await answered;
      await client.until('snapshot', (all) => all.at(-1)?.last === true, 'the snapshot');
      const [first = NaN] = client
        .of('snapshot')
        .flatMap(({ samples }) => samples.map(({ sample }) => numberOf(sample.value)));
      // The streams may have been read after some of them.
      await client.until('sample', (all) => all.length === 300 - first, 'the rest');
      const live = client.of('sample').map(({ sample }) => numberOf(sample.value));
      expect(live).toEqual(Array.from({ length: 300 - first }, (_, i) => first + 1 + i));
    } finally {
      await portal.stop();
    }
  }, 60_000);
});
