import { Broker } from '@katbus/bus';
import { BusService, setupStreams } from '@katbus/bus/nats';
import { toSeconds, type CataloguePage } from '@katbus/protocol';
import { describe, expect, test } from 'vitest';
import { TestPortal } from './support/test-portal.ts';

describe('without streams', () => {
  test('a snapshot says so, live samples come, and the snapshot comes when the streams are there', async () => {
    const portal = await TestPortal.start({
      hasStreams: false,
      limits: { joinRetryMs: 200, joinTimeoutMs: 1_000 },
    });
    try {
      const client = await portal.client();
      const { count, cursor } = await client.request('subscribe', { subjects: ['sensor.>'] });
      expect({ count, cursor }).toEqual({ count: 0, cursor: '' });
      const [page] = await client.until('snapshot', (all) => all.length === 1, 'the incomplete snapshot');
      expect(page?.incomplete).toContain('katbus setup');
      portal.publish('a', 1);
      await client.until('sample', (all) => all.length === 1, 'a live sample');
      await setupStreams(portal.bus);
      await portal.store('b', 2);
      await client.until('sample', (all) => all.length === 2, 'another live sample');
      const whole = await client.until('snapshot', (all) => all.length > 1, 'the whole snapshot');
      expect(whole.at(-1)).toMatchObject({ id: 1, last: true });
      expect(whole.at(-1)).not.toHaveProperty('incomplete');
      expect(await portal.metric('snapshots_total{outcome="incomplete"}')).toBeGreaterThan(0);
    } finally {
      await portal.stop();
    }
  });
});

describe('attributes', () => {
  test('come from the components when the archive does not run', async () => {
    const portal = await TestPortal.start();
    const broker = await Broker.connect({ component: 'wx', servers: portal.nats.url });
    try {
      broker.addSensor({ name: 'rain', type: 'float', units: 'mm', description: 'rain' });
      const client = await portal.client();
      const { count } = await client.request('subscribe', { subjects: ['attributes.wx'] });
      expect(count).toBe(1);
      const [page] = await client.until('snapshot', (all) => all.length === 1, 'the snapshot');
      expect(page?.attributes).toMatchObject([
        { subject: 'attributes.wx', attributes: { name: 'wx_rain', units: 'mm' } },
      ]);
      broker.addSensor({ name: 'snow', type: 'float', units: 'cm', description: 'snow' });
      await client.until(
        'attributes',
        (all) => all.some(({ attributes }) => attributes.name === 'wx_snow'),
        'new attributes',
      );
    } finally {
      await broker.close();
      await portal.stop();
    }
  });

  test('come from the catalogue when it has passed the marker', async () => {
    const portal = await TestPortal.start();
    let through = 0;
    const page: CataloguePage = {
      sensors: [
        { component: 'wx', sensor: 'a', name: 'wx_a', attributes: { name: 'wx_a', units: 'K' } },
        { component: 'wx', sensor: 'b', name: 'wx_b' },
      ],
    };
    const service = await BusService.start(portal.bus, {
      name: 'store',
      version: '0.0.0',
      endpoints: [
        {
          name: 'status',
          subject: 'rpc.store.status',
          handler: () => ({ through: (through += 1) }),
        },
        { name: 'sensors', subject: 'rpc.store.sensors', handler: () => page },
      ],
    });
    try {
      for (let i = 0; i < 3; i += 1) await portal.store('a', i);
      const client = await portal.client();
      const { count } = await client.request('subscribe', { subjects: ['attributes.wx'] });
      expect(count).toBe(1);
      // Three samples and the marker.
      expect(through).toBe(4);
      const [snapshot] = await client.until('snapshot', (all) => all.length === 1, 'the snapshot');
      expect(snapshot?.attributes).toEqual([
        { subject: 'attributes.wx', attributes: { name: 'wx_a', units: 'K' } },
      ]);
    } finally {
      await service.stop();
      await portal.stop();
    }
  });
});

describe('the archive', () => {
  test('adds the sensors that the streams no longer have', async () => {
    const portal = await TestPortal.start();
    const time = toSeconds(portal.nextTimeUs()) - 86_400;
    const old = { component: 'wx', name: 'wx_old', time, value_ts: time, status: 'nominal', value: 1 };
    const asked: unknown[] = [];
    const service = await BusService.start(portal.bus, {
      name: 'store',
      version: '0.0.0',
      endpoints: [
        {
          name: 'latest',
          subject: 'rpc.store.latest',
          handler: ({ data }) => {
            const request = JSON.parse(Buffer.from(data).toString()) as { after?: string };
            asked.push(request);
            return request.after === undefined
              ? { samples: [{ ...old, sensor: 'old' }], next: 'more' }
              : { samples: [{ ...old, sensor: 'new', name: 'wx_new' }] };
          },
        },
      ],
    });
    try {
      await portal.store('new', 2);
      const client = await portal.client();
      await client.request('subscribe', { subjects: ['sensor.*.wx.*'] });
      const [page] = await client.until('snapshot', (all) => all.length === 1, 'the snapshot');
      expect(page?.samples.map(({ subject, sample }) => [subject, sample.value]).sort()).toEqual([
        ['sensor.archive.wx.new', 2],
        ['sensor.archive.wx.old', 1],
      ]);
      expect(asked).toMatchObject([{ subjects: ['sensor.archive.wx.*'] }, { after: 'more' }]);
      // A sensor that the streams have is not asked for.
      await client.request('subscribe', { subjects: ['sensor.archive.wx.new'] });
      expect(asked).toHaveLength(2);
    } finally {
      await service.stop();
      await portal.stop();
    }
  });
});
