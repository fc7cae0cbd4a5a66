import { describe, expect, test } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { TestPortal } from './support/test-portal.ts';

describe('when NATS is lost', () => {
  test('sessions stay, are told of the gap, and get their snapshots and live samples again', async () => {
    const portal = await TestPortal.start();
    try {
      await portal.store('a', 1);
      const client = await portal.client();
      const before = Date.now() / 1000;
      await client.request('subscribe', { subjects: ['sensor.archive.wx.*'] });
      await client.request('subscribe', { subjects: ['sensor.archive.wx.*'], snapshot: false });
      portal.nats = await portal.nats.restart();
      const [gap] = await client.until('gap', (all) => all.length > 0, 'the gap', 20_000);
      expect(gap?.reason).toBe('the portal had lost NATS');
      expect(gap?.from).toBeGreaterThan(before - 2);
      expect(gap?.to).toBeGreaterThanOrEqual(gap?.from ?? Infinity);
      const pages = await client.until('snapshot', (all) => all.length === 2, 'the snapshot again', 20_000);
      expect(pages[1]).toMatchObject({ id: 1, last: true, samples: [{ sample: { value: 1 } }] });
      await waitFor(() => portal.bus.connected, { what: 'the test to be connected again' });
      await portal.store('a', 2);
      await client.until('sample', (all) => all.length === 1, 'a live sample');
      await client.sync();
      expect(client.of('gap')).toHaveLength(1);
      expect(await portal.metric('gaps_total{reason="natsLost"}')).toBe(1);
      await client.close();
    } finally {
      await portal.stop();
    }
  }, 60_000);

  test('a subscribe is answered in time, with a snapshot that is incomplete', async () => {
    const portal = await TestPortal.start({ limits: { joinTimeoutMs: 500 } });
    try {
      await portal.nats.kill();
      const client = await portal.client();
      await waitFor(() => portal.portal.readiness() !== undefined, { what: 'the loss to be noticed' });
      const { cursor } = await client.request('subscribe', { subjects: ['sensor.>'] });
      expect(cursor).toBe('');
      const [page] = await client.until('snapshot', (all) => all.length === 1, 'the snapshot');
      expect(page).toMatchObject({ samples: [], last: true });
      expect(page?.incomplete).toBeTypeOf('string');
      await client.close();
    } finally {
      await portal.stop();
    }
  });
});
