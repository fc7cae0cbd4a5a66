import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnsweredError } from './support/test-client.ts';
import { TestPortal } from './support/test-portal.ts';

describe('a subscription', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await TestPortal.start({ limits: { settleMs: 100, snapshotPageBytes: 4_096 } });
  });
  afterAll(() => portal.stop());

  test('gets the last sample of each sensor, wherever it was published, then what is live', async () => {
    await portal.store('early_a', 1);
    await portal.store('early_a', 2, { rate: 'normal' });
    await portal.store('early_b', 3, { rate: 'normal' });
    await portal.store('early_b', 4);
    const client = await portal.client();
    const { id, count, cursor } = await client.request('subscribe', { subjects: ['sensor.*.wx.*'] });
    expect({ id, count }).toEqual({ id: 1, count: 2 });
    expect(cursor).not.toBe('');
    const [page] = await client.until('snapshot', (all) => all.length === 1, 'the snapshot');
    expect(page?.samples.map(({ subject, sample }) => [subject, sample.value]).sort()).toEqual([
      ['sensor.archive.wx.early_b', 4],
      ['sensor.normal.wx.early_a', 2],
    ]);
    expect(page).toMatchObject({ id: 1, last: true });
    expect(page).not.toHaveProperty('incomplete');
    portal.publish('early_a', 5);
    const [live] = await client.until('sample', (all) => all.length === 1, 'the live sample');
    expect(live).toMatchObject({
      subject: 'sensor.archive.wx.early_a',
      sample: { name: 'wx_early_a', value: 5 },
    });
    expect(live).not.toHaveProperty('skipped');
    await client.close();
  });

  test('carries every kind of value unchanged', async () => {
    const client = await portal.client();
    await client.request('subscribe', { subjects: ['sensor.>'], snapshot: false });
    const values = [
      'NaN',
      0,
      '',
      false,
      Array.from({ length: 10_000 }, (_, i) => i / 7),
      [1, 'NaN'],
      'ü\u2028"\\',
    ];
    values.forEach((value, i) => portal.publish(`value_${i}`, value));
    const samples = await client.until('sample', (all) => all.length === values.length, 'all samples');
    expect(samples.map(({ sample }) => sample.value)).toEqual(values);
    await client.close();
  });

  test('that overlaps another one brings no message twice, and leaves the other one whole', async () => {
    const client = await portal.client();
    await client.request('subscribe', { subjects: ['sensor.>', 'sensor.*.lap.*'], snapshot: false });
    const { id } = await client.request('subscribe', { subjects: ['sensor.archive.lap.*'], snapshot: false });
    for (let i = 0; i < 50; i += 1) portal.publish('a', i, { component: 'lap' });
    await client.until('sample', (all) => all.length >= 50, 'fifty samples');
    await client.request('unsubscribe', { id });
    for (let i = 50; i < 100; i += 1) portal.publish('a', i, { component: 'lap' });
    const samples = await client.until('sample', (all) => all.length >= 100, 'a hundred samples');
    await client.sync();
    expect(samples.map(({ sample }) => sample.value)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(await portal.metric('copies_dropped_total')).toBeGreaterThanOrEqual(100);
    await client.close();
  });

  test('that has ended brings nothing after the answer', async () => {
    const client = await portal.client();
    const { id } = await client.request('subscribe', { subjects: ['sensor.*.end.*'], snapshot: false });
    let isPublishing = true;
    const publishing = (async () => {
      for (let i = 0; isPublishing; i += 1) {
        portal.publish('a', i, { component: 'end' });
        if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    await client.until('sample', (all) => all.length > 100, 'samples');
    const { place } = await client.requestWithPlace('unsubscribe', { id });
    await client.sync();
    isPublishing = false;
    await publishing;
    await client.sync();
    expect(client.notifications.at(-1)?.place).toBeLessThan(place);
    await expect(client.request('unsubscribe', { id })).rejects.toMatchObject({ code: -32003, field: 'id' });
    await client.close();
  });

  test('is told of a sensor that the portal had not seen, once, before its first sample', async () => {
    const client = await portal.client();
    await portal.store('known', 1, { component: 'born' });
    await client.request('subscribe', { subjects: ['sensor.*.born.*'] });
    portal.publish('known', 2, { component: 'born' });
    portal.publish('hail', 1, { component: 'born' });
    portal.publish('hail', 2, { component: 'born', rate: 'normal' });
    await client.until('sample', (all) => all.length === 3, 'three samples');
    const live = client.notifications.filter(({ method }) => method !== 'snapshot');
    expect(
      live.map(({ method, params }) => [method, 'sample' in params ? params.sample.name : params]),
    ).toEqual([
      ['sample', 'born_known'],
      ['sensorAdded', { component: 'born', sensor: 'hail' }],
      ['sample', 'born_hail'],
      ['sample', 'born_hail'],
    ]);
    await client.close();
  });

  test('does not get again what is published again, but gets what it has missed of it', async () => {
    const client = await portal.client();
    const component = 'again';
    const first = await portal.store('a', 1, { component });
    await client.request('subscribe', { subjects: ['sensor.archive.again.*'] });
    const second = portal.publish('a', 2, { component });
    await client.until('sample', (all) => all.length === 1, 'the live sample');
    const headers = { 'Katbus-Resend': '1' };
    portal.publish('a', 1, { component, timeUs: first, headers });
    portal.publish('a', 2, { component, timeUs: second, headers });
    portal.publish('a', 3, { component, headers });
    const samples = await client.until('sample', (all) => all.length === 2, 'the new one');
    expect(samples.map(({ sample }) => sample.value)).toEqual([2, 3]);
    // Nor when all that the portal knows of the sensor is from a snapshot.
    const third = await portal.store('b', 1, { component });
    const other = await portal.client();
    await other.request('subscribe', { subjects: ['sensor.archive.again.b'] });
    portal.publish('b', 1, { component, timeUs: third, headers });
    portal.publish('b', 2, { component });
    const [only] = await other.until('sample', (all) => all.length === 1, 'the new one');
    expect(only?.sample.value).toBe(2);
    await client.close();
    await other.close();
  });

  test('gets its snapshot in pages, and what is live behind them', async () => {
    const component = 'pages';
    const stored = Array.from({ length: 300 }, (_, i) => portal.store(`s${i}`, i, { component }));
    await portal.store('large', 'x'.repeat(20_000), { component });
    await Promise.all(stored);
    const client = await portal.client();
    const { count } = await client.request('subscribe', { subjects: ['sensor.*.pages.*'] });
    expect(count).toBe(301);
    portal.publish('s0', -1, { component });
    await client.until('sample', (all) => all.length === 1, 'the live sample');
    const pages = client.of('snapshot');
    expect(pages.flatMap(({ samples }) => samples)).toHaveLength(301);
    expect(pages.map(({ last }) => last)).toEqual([...pages.slice(1).map(() => false), true]);
    for (const page of pages) {
      if (page.samples.length > 1) expect(JSON.stringify(page).length).toBeLessThanOrEqual(4_096);
    }
    expect(client.notifications.at(-1)?.method).toBe('sample');
    await client.close();
  });

  test('to portal. subjects begins with the last message of those that are state', async () => {
    await portal.bus.request('portal.time', '{"utc":1}');
    await portal.bus.request('portal.component.wx', '{"state":"ok"}');
    const client = await portal.client();
    const { count } = await client.request('subscribe', { subjects: ['portal.>'] });
    expect(count).toBe(2);
    portal.bus.publish('portal.sched', '"event"');
    portal.bus.publish('portal.odd"subject', '{}');
    portal.bus.publish('portal.sched', 'no JSON');
    portal.bus.publish('portal.sched', '[2]');
    const messages = await client.until('message', (all) => all.length === 3, 'two events');
    expect(messages).toEqual([
      { subject: 'portal.sched', message: 'event' },
      { subject: 'portal.odd"subject', message: {} },
      { subject: 'portal.sched', message: [2] },
    ]);
    expect(client.of('snapshot')[0]?.messages).toEqual(
      expect.arrayContaining([
        { subject: 'portal.time', message: { utc: 1 } },
        { subject: 'portal.component.wx', message: { state: 'ok' } },
      ]),
    );
    await client.close();
  });

  test.each([
    [['>'], -32001, 'subjects.0'],
    [['sensor.>', '*.archive.wx.a'], -32001, 'subjects.1'],
    [['$JS.API.>'], -32001, 'subjects.0'],
    [['rpc.store.history'], -32001, 'subjects.0'],
    [['_INBOX.>'], -32001, 'subjects.0'],
    [['sensor'], -32001, 'subjects.0'],
    [['sensors.archive.a.b'], -32001, 'subjects.0'],
    [['sensor.a*.b'], -32602, 'subjects.0'],
    [['sensor.>.b'], -32602, 'subjects.0'],
    [['sensor..b'], -32602, 'subjects.0'],
    [['sensor.a b'], -32602, 'subjects.0'],
    [['sensor.a\r\nPUB x 1'], -32602, 'subjects.0'],
    [[], -32602, 'subjects'],
    [[7], -32602, 'subjects.0'],
  ])('to %j is refused with %i naming %s', async (subjects, code, field) => {
    const client = await portal.client();
    const error = await client
      .request('subscribe', { subjects: subjects as string[] })
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(AnsweredError);
    expect(error).toMatchObject({ code, field });
    await client.close();
  });
});

describe('limits of subscribing', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await TestPortal.start({ limits: { subscriptions: 2, patterns: 3, snapshotBytes: 5_000 } });
  });
  afterAll(() => portal.stop());

  test('too many subscriptions are refused, until one has ended', async () => {
    const client = await portal.client();
    const params = { subjects: ['sensor.>'], snapshot: false };
    const { id } = await client.request('subscribe', params);
    await client.request('subscribe', params);
    await expect(client.request('subscribe', params)).rejects.toMatchObject({ code: -32002 });
    await client.request('unsubscribe', { id });
    await client.request('subscribe', params);
    expect(await portal.metric('requests_total{method="subscribe",outcome="tooManySubscriptions"}')).toBe(1);
    await client.close();
  });

  test('too many patterns are refused', async () => {
    const client = await portal.client();
    const subjects = ['sensor.a', 'sensor.b', 'sensor.c', 'sensor.d'];
    const refused = client.request('subscribe', { subjects });
    await expect(refused).rejects.toMatchObject({ code: -32602, field: 'subjects' });
    await client.close();
  });

  test('a snapshot beyond the memory for snapshots is refused, and the memory is free again', async () => {
    const stored = Array.from({ length: 30 }, (_, i) => portal.store(`s${i}`, i));
    await Promise.all(stored);
    const client = await portal.client();
    const refused = client.request('subscribe', { subjects: ['sensor.archive.wx.*'] });
    await expect(refused).rejects.toMatchObject({ code: -32006 });
    expect(await portal.metric('snapshot_bytes')).toBe(0);
    expect(await portal.metric('subscriptions')).toBe(0);
    expect(await portal.metric('upstream_subscriptions')).toBe(0);
    await client.request('subscribe', { subjects: ['sensor.archive.wx.s1'] });
    expect(await portal.metric('snapshot_bytes')).toBe(0);
    await client.close();
  });
});
