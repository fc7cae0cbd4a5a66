import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  JoinedBins,
  decodeFloat,
  PortalClient,
  type ClientState,
  type PortalClientOptions,
} from '../src/index.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { LiveSystem } from '../../../test/support/live-system.ts';

describe('with a real portal, archive and nats-server, the client', () => {
  let katbus: LiveSystem;
  const clients: PortalClient[] = [];

  beforeAll(async () => {
    katbus = await LiveSystem.start({ backend: 'memory' });
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => katbus.stop());

  function connect(options: Partial<PortalClientOptions> = {}): PortalClient {
    const client = new PortalClient({
      url: katbus.websocketUrl,
      firstDelayMs: 20,
      longestDelayMs: 200,
      ...options,
    });
    clients.push(client);
    return client;
  }

  it('gets a snapshot, then what is published, every kind of value as it was given', async () => {
    const broker = await katbus.join('kinds');
    const float = broker.addSensor({ name: 'float', type: 'float', sampling: { archiveIntervalSeconds: 0 } });
    const array = broker.addSensor({
      name: 'array',
      type: 'float[]',
      sampling: { archiveIntervalSeconds: 0 },
    });
    float.update(NaN);
    const client = connect();
    const values: unknown[] = [];
    const snapshot: unknown[] = [];
    const subscription = client.subscribe(['sensor.*.kinds.>'], {
      onSnapshot: ({ samples }) => snapshot.push(...samples.map(({ sample }) => sample.value)),
      onSample: ({ value }) => values.push(value),
    });
    expect((await subscription.ready).count).toBeLessThanOrEqual(1);
    for (const value of [0, -0.5, Infinity]) float.update(value);
    array.update([1, NaN, 3]);
    await waitFor(() => values.length >= 4, { what: 'four live samples' });
    expect(
      [...snapshot, ...values].map((value) => (Array.isArray(value) ? value : decodeFloat(value))),
    ).toEqual(expect.arrayContaining([NaN, 0, -0.5, Infinity, [1, 'NaN', 3]]));
    expect(subscription.latest('kinds.array')?.value).toEqual([1, 'NaN', 3]);
  });

  it('lists sensors with their attributes, from the components and from the archive', async () => {
    const broker = await katbus.join('wx');
    broker
      .addSensor({ name: 'station.wind-speed', type: 'float', units: 'm/s', description: 'Wind' })
      .update(7.25, { status: 'warn' });
    const client = connect();
    const { sensors } = await client.list({ component: 'wx', readings: true });
    expect(sensors).toMatchObject([
      {
        component: 'wx',
        sensor: 'station_wind_speed',
        attributes: { katcp_name: 'wx.station.wind-speed', units: 'm/s' },
        sample: { value: 7.25, status: 'warn' },
      },
    ]);
    await waitFor(async () => (await client.sensors({ component: 'wx' })).sensors.length === 1, {
      what: 'the sensor in the archive',
    });
  });

  it('reads the history that was published, in pages', async () => {
    const broker = await katbus.join('past');
    const sensor = broker.addSensor({
      name: 'count',
      type: 'integer',
      sampling: { archiveIntervalSeconds: 0 },
    });
    const start = Date.now() / 1000 - 1;
    for (let value = 0; value < 250; value += 1) sensor.update(value);
    const client = connect();
    const read = async () => {
      const values: unknown[] = [];
      let pages = 0;
      const range = { sensor: 'past.count', start, end: Date.now() / 1000 + 10, limit: 100 };
      for await (const { samples } of client.historyAll(range)) {
        pages += 1;
        values.push(...samples.map(({ value }) => value));
      }
      return { values, pages };
    };
    await waitFor(async () => (await read()).values.length === 250, { what: '250 archived samples' });
    const { values, pages } = await read();
    expect(values).toEqual(Array.from({ length: 250 }, (_, value) => value));
    expect(pages).toBeGreaterThanOrEqual(3);
  });

  it('reads bins and operators of what was published', async () => {
    const broker = await katbus.join('binned');
    const sampling = { archiveIntervalSeconds: 0 };
    const count = broker.addSensor({ name: 'count', type: 'integer', sampling });
    const mode = broker.addSensor({ name: 'mode', type: 'discrete', params: ['off', 'on'], sampling });
    const start = Date.now() / 1000 - 1;
    for (let value = 0; value < 100; value += 1) count.update(value);
    for (const value of ['off', 'on']) mode.update(value);
    const client = connect();
    const range = { start, end: start + 60 };
    const read = async () => {
      const joined = new JoinedBins();
      const sensors = ['binned.count', 'binned.mode'];
      for await (const page of client.binsAll({ sensors, ...range, bins: 1 })) joined.add(page);
      return joined.series;
    };
    await waitFor(
      async () => {
        const [counted, moded] = await read();
        return counted?.count?.[0] === 100 && moded?.count?.[0] === 2;
      },
      { what: 'all samples in their bins' },
    );
    expect(await read()).toMatchObject([
      { sensor: 'count', kind: 'number', bin: [0], min: [0], max: [99], mean: [49.5], nan: [0] },
      { sensor: 'mode', kind: 'state', states: expect.arrayContaining(['off', 'on']) as unknown, count: [2] },
    ]);
    const { samples } = await client.history({ sensor: 'binned.count', ...range, operator: 'ncount' });
    expect(samples.map(({ value }) => value)).toEqual([100]);
    await expect(client.bins({ sensors: ['binned.count'], ...range })).rejects.toMatchObject({
      field: 'bins',
    });
    await expect(client.bins({ sensors: ['no.such'], ...range, bins: 1 })).rejects.toMatchObject({
      code: 'notFound',
      field: 'sensors',
    });
    const unknown = client.history({ sensor: 'binned.count', ...range, operator: 'average' });
    await expect(unknown).rejects.toMatchObject({ code: 'invalidParams', field: 'operator' });
  });

  it('tells the portal’s errors with their field', async () => {
    const client = connect();
    const range = { start: 0, end: 1 };
    await expect(client.history({ sensor: 'nonsense', ...range })).rejects.toMatchObject({
      code: 'invalidParams',
      field: 'sensor',
    });
    await expect(client.history({ sensor: 'no.such', ...range })).rejects.toMatchObject({ code: 'notFound' });
    await expect(client.list({ filter: '(x' })).rejects.toMatchObject({
      code: 'invalidParams',
      field: 'filter',
    });
    await expect(client.subscribe(['rpc.>'], {}).ready).rejects.toMatchObject({
      code: 'subjectNotAllowed',
      field: 'subjects.0',
    });
    expect(client.state.name).toBe('open');
  });

  it('has a hundred requests answered although a session may have 32 under way', async () => {
    const client = connect();
    const answers = await Promise.all(Array.from({ length: 100 }, () => client.info()));
    expect(new Set(answers.map(({ portal }) => portal)).size).toBe(1);
  });

  it('gives overlapping subscriptions each sample once, without a hole, when one of them ends', async () => {
    const broker = await katbus.join('overlap');
    const sensor = broker.addSensor({ name: 'n', type: 'integer', sampling: { archiveIntervalSeconds: 0 } });
    const client = connect();
    const wide: unknown[] = [];
    const narrow: unknown[] = [];
    await client.subscribe(['sensor.>'], {
      onSample: ({ value }, subject) => subject.includes('.overlap.') && wide.push(value),
    }).ready;
    const second = client.subscribe(['sensor.*.overlap.n'], { onSample: ({ value }) => narrow.push(value) });
    await second.ready;
    for (let value = 0; value < 50; value += 1) sensor.update(value);
    await waitFor(() => narrow.length === 50, { what: '50 samples of the narrow one' });
    second.close();
    for (let value = 50; value < 100; value += 1) sensor.update(value);
    await waitFor(() => wide.length === 100, { what: '100 samples of the wide one' });
    expect(wide).toEqual(Array.from({ length: 100 }, (_, value) => value));
    expect(narrow).toEqual(Array.from({ length: 50 }, (_, value) => value));
  });

  it('comes back to a portal that was restarted, tells of the gap, and has what was published meanwhile', async () => {
    const broker = await katbus.join('restart');
    const sensor = broker.addSensor({ name: 'n', type: 'integer', sampling: { archiveIntervalSeconds: 0 } });
    sensor.update(1);
    const client = connect();
    const seen: unknown[] = [];
    await client.subscribe(['sensor.*.restart.>'], {
      onSample: ({ value }) => seen.push(value),
      onGap: ({ reason }) => seen.push(reason),
    }).ready;
    await waitFor(() => seen.includes(1), { what: 'the first sample' });
    const states: ClientState[] = [];
    client.onState((state) => states.push(state));
    await katbus.stopPortal();
    await waitFor(() => states.length > 0, { what: 'the loss' });
    expect(states[0]).toMatchObject({ name: 'waiting', disconnect: { code: 1001 } });
    sensor.update(2);
    sensor.update(3);
    await katbus.startPortal();
    await waitFor(() => seen.includes(3), { what: 'the newest value after the restart' });
    sensor.update(4);
    await waitFor(() => seen.includes(4), { what: 'a live value' });
    expect(seen).toEqual([1, 'reconnected', 3, 4]);
  });

  it('is told of a gap when the portal had lost NATS, and goes on', { timeout: 60_000 }, async () => {
    const broker = await katbus.join('outage');
    const sensor = broker.addSensor({ name: 'n', type: 'integer', sampling: { archiveIntervalSeconds: 0 } });
    const client = connect();
    const seen: unknown[] = [];
    await client.subscribe(['sensor.*.outage.>'], {
      onSample: ({ value }) => seen.push(value),
      onGap: ({ reason }) => seen.push(reason),
    }).ready;
    sensor.update(1);
    await waitFor(() => seen.includes(1), { what: 'the first sample' });
    await katbus.nats.restart();
    await waitFor(() => seen.some((entry) => typeof entry === 'string'), {
      what: 'the gap',
      timeoutMs: 30_000,
    });
    sensor.update(2);
    await waitFor(() => seen.includes(2), { what: 'a sample after it', timeoutMs: 30_000 });
    expect(client.counters.opened).toBe(1);
    expect(seen.filter((entry) => typeof entry === 'number')).toEqual([1, 2]);
  });
});
