import { describe, expect, it, vi } from 'vitest';
import { sampleOf } from './fault-portal.ts';
import { usePortal } from './use-portal.ts';

const LOAD = 'sensor.normal.host.load';

describe('subscriptions', () => {
  const here = usePortal();

  it('give the snapshot, then what is live', async () => {
    here.portal.samples.set(LOAD, sampleOf('load', 1));
    const client = here.connect();
    const seen: unknown[] = [];
    const subscription = client.subscribe(['sensor.*.host.>'], {
      onSnapshot: ({ samples, first, last }) =>
        seen.push(['snapshot', samples[0]?.sample.value, first, last]),
      onSample: ({ value }, subject, { skipped }) => seen.push([subject, value, skipped]),
    });
    expect(await subscription.ready).toMatchObject({ count: 1 });
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    here.portal.publish(LOAD, sampleOf('load', 2));
    here.portal.publish('sensor.archive.host.load', sampleOf('load', 'NaN'), 4);
    here.portal.publish('sensor.archive.wx.load', sampleOf('load', 9));
    await vi.waitFor(() => expect(seen).toHaveLength(3));
    expect(seen).toEqual([
      ['snapshot', 1, true, true],
      [LOAD, 2, 0],
      ['sensor.archive.host.load', 'NaN', 4],
    ]);
    expect(subscription.latest('host.load')?.value).toBe('NaN');
  });

  it('without a snapshot handler give the snapshot’s samples and messages like live ones', async () => {
    here.portal.samples.set(LOAD, sampleOf('load', 1));
    const values: unknown[] = [];
    here.connect().subscribe(['sensor.>'], { onSample: ({ value }) => values.push(value) });
    await vi.waitFor(() => expect(values).toEqual([1]));
  });

  it('that overlap each see a sample once, also when several patterns of one match', async () => {
    const client = here.connect();
    const seen = { all: [] as unknown[], host: [] as unknown[], wx: [] as unknown[] };
    const all = client.subscribe(['sensor.>', 'sensor.*.*.load', LOAD], {
      onSample: ({ value }) => seen.all.push(value),
    });
    const host = client.subscribe(['sensor.*.host.>'], { onSample: ({ value }) => seen.host.push(value) });
    const wx = client.subscribe(['sensor.*.wx.>'], { onSample: ({ value }) => seen.wx.push(value) });
    await Promise.all([all.ready, host.ready, wx.ready]);
    here.portal.publish(LOAD, sampleOf('load', 5));
    here.portal.publish('sensor.normal.wx.wind', sampleOf('wind', 6));
    await vi.waitFor(() => expect(seen.wx).toEqual([6]));
    expect(seen).toEqual({ all: [5, 6], host: [5], wx: [6] });
  });

  it('are told of attributes, messages, new sensors and gaps that concern them', async () => {
    const client = here.connect();
    const told: unknown[] = [];
    const subscription = client.subscribe(['sensor.*.host.>', 'attributes.host', 'portal.time'], {
      onAttributes: (attributes, subject) => told.push([subject, attributes.name]),
      onMessage: (message, subject) => told.push([subject, message]),
      onSensorAdded: (address) => told.push(address),
      onGap: ({ reason }) => told.push(reason),
    });
    await subscription.ready;
    here.portal.notify('attributes', { subject: 'attributes.wx', attributes: { name: 'wx_wind' } });
    here.portal.notify('attributes', { subject: 'attributes.host', attributes: { name: 'host_load' } });
    here.portal.notify('message', { subject: 'portal.time', message: { utc: 1 } });
    here.portal.notify('sensorAdded', { component: 'wx', sensor: 'wind' });
    here.portal.notify('sensorAdded', { component: 'host', sensor: 'load' });
    here.portal.notify('gap', { from: 1, to: 2, reason: 'hole' });
    await vi.waitFor(() => expect(told).toContain('hole'));
    expect(told).toEqual([
      ['attributes.host', 'host_load'],
      ['portal.time', { utc: 1 }],
      { component: 'host', sensor: 'load' },
      'hole',
    ]);
  });

  it('end when they are closed, at the portal too', async () => {
    const client = here.connect();
    const onSample = vi.fn();
    const onClosed = vi.fn();
    const subscription = client.subscribe([LOAD], { onSample, onClosed });
    const other = client.subscribe(['sensor.>'], {});
    await Promise.all([subscription.ready, other.ready]);
    subscription.close();
    subscription.close();
    expect(subscription.closed).toBe(true);
    expect(onClosed).toHaveBeenCalledExactlyOnceWith(undefined);
    await vi.waitFor(() => expect([...here.portal.sessions][0]!.subscriptions.size).toBe(1));
    here.portal.publish(LOAD, sampleOf('load', 1));
    await vi.waitFor(() => expect(other.latest('host.load')).toBeDefined());
    expect(onSample).not.toHaveBeenCalled();
  });

  it('that are closed before the portal answered are given back when it does', async () => {
    here.portal.subscribeDelayMs = 50;
    const client = here.connect();
    await client.info();
    const subscription = client.subscribe([LOAD], {});
    subscription.close();
    await expect(subscription.ready).rejects.toMatchObject({ code: 'closed' });
    await vi.waitFor(() => expect(here.portal.asked('unsubscribe')).toHaveLength(1));
    await vi.waitFor(() => expect([...here.portal.sessions][0]!.subscriptions.size).toBe(0));
  });

  it('that the portal refuses end with its error', async () => {
    here.portal.scripts.set('subscribe', () => ({ error: 'subjectNotAllowed', field: 'subjects.0' }));
    const onClosed = vi.fn();
    const subscription = here.connect().subscribe(['rpc.>'], { onClosed });
    await expect(subscription.ready).rejects.toMatchObject({
      code: 'subjectNotAllowed',
      field: 'subjects.0',
    });
    expect(onClosed).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code: 'subjectNotAllowed' }));
    expect(subscription.closed).toBe(true);
  });

  it('that the portal cannot make just now are asked for again', async () => {
    let refusals = 2;
    here.portal.scripts.set('subscribe', () =>
      refusals-- > 0 ? { error: 'unavailable' } : { result: { id: 1, count: 0, cursor: '' } },
    );
    const onRetry = vi.fn();
    const subscription = here.connect().subscribe([LOAD], { onRetry });
    expect(await subscription.ready).toMatchObject({ id: 1 });
    expect(onRetry).toHaveBeenCalledTimes(2);
  });

  it('that were answered too late are given back, and asked for again', async () => {
    here.portal.subscribeDelayMs = 150;
    const client = here.connect({ requestTimeoutMs: 100, firstDelayMs: 80 });
    await client.info();
    const subscription = client.subscribe([LOAD], {});
    await vi.waitFor(() => expect(here.portal.asked('unsubscribe').length).toBeGreaterThan(0));
    here.portal.subscribeDelayMs = 0;
    const { id } = await subscription.ready;
    await vi.waitFor(() =>
      expect([...here.portal.sessions][0]!.subscriptions).toEqual(new Map([[id, [LOAD]]])),
    );
  });

  it('that the portal cannot end just now are ended later', async () => {
    let refusals = 1;
    here.portal.scripts.set('unsubscribe', () => (refusals-- > 0 ? { error: 'busy' } : { result: {} }));
    const subscription = here.connect().subscribe([LOAD], {});
    await subscription.ready;
    subscription.close();
    await vi.waitFor(() => expect(here.portal.asked('unsubscribe')).toHaveLength(2));
  });

  it('refuse a pattern that is none', () => {
    expect(() => here.connect().subscribe(['sensor..x'], {})).toThrow('empty token');
  });

  it('by the hundred are asked for in small portions', async () => {
    here.portal.subscribeDelayMs = 5;
    let underWay = 0;
    let most = 0;
    here.portal.scripts.set('subscribe', (params, session) => {
      most = Math.max(most, (underWay += 1));
      setTimeout(() => {
        underWay -= 1;
        const { id } = here.portal.asked('subscribe').find((request) => request.params === params)!;
        session.socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { id, count: 0, cursor: '' } }));
      }, 2);
      return 'silence';
    });
    const client = here.connect();
    const all = Array.from({ length: 100 }, (_, n) => client.subscribe([`sensor.*.host.s${n}`], {}));
    await Promise.all(all.map(({ ready }) => ready));
    expect(most).toBe(8);
  });
});
