import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  parseAttributes,
  parseSample,
  type Attributes,
  type ListingChunk,
  type Sample,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { Broker, type BrokerOptions } from '@katbus/bus';
import { BusConnection, callService, discoverServices, setupStreams, streamState } from '@katbus/bus/nats';
import { startTestServer, type TestServer } from './nats/test-server.ts';

let server: TestServer;
let watcher: BusConnection;
let brokers: Broker[];

beforeEach(async () => {
  server = await startTestServer();
  watcher = await BusConnection.connect({ servers: server.url, name: 'watcher' });
  await setupStreams(watcher);
  brokers = [];
});

afterEach(async () => {
  for (const broker of brokers) await broker.close();
  await watcher.close();
  await server[Symbol.asyncDispose]();
});

async function join(options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = await Broker.connect({
    component: 'wx',
    servers: server.url,
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
    ...options,
  });
  brokers.push(broker);
  return broker;
}

async function watch(pattern: string): Promise<{ subject: string; text: string }[]> {
  const seen: { subject: string; text: string }[] = [];
  watcher.subscribe(pattern, ({ subject, data }) =>
    seen.push({ subject, text: Buffer.from(data).toString() }),
  );
  await watcher.flush();
  return seen;
}

async function list(subject: string, request: object | string): Promise<ListingChunk[]> {
  const chunks: ListingChunk[] = [];
  const payload = typeof request === 'string' ? request : JSON.stringify(request);
  await watcher.requestMany(subject, payload, {
    stallMs: 1_000,
    totalMs: 5_000,
    onMessage: (message) => chunks.push(JSON.parse(Buffer.from(message.data).toString()) as ListingChunk),
    isLast: (message) => (JSON.parse(Buffer.from(message.data).toString()) as ListingChunk).last,
  });
  return chunks;
}

describe('a component', () => {
  it('announces its sensors and publishes their samples into the streams', async () => {
    const attributes = await watch('attributes.>');
    const samples = await watch('sensor.>');
    const broker = await join();
    broker
      .addSensor({ name: 'station.wind-speed', type: 'float', units: 'm/s', params: [0, 70] })
      .update(7.25);
    expect(await broker.flush(5_000)).toBe(true);
    await vi.waitFor(() => expect(samples).toHaveLength(1));
    expect(parseAttributes(attributes[0]?.text ?? '')[0]).toMatchObject({
      name: 'wx_station_wind_speed',
      katcp_name: 'wx.station.wind-speed',
      component: 'wx',
      type: 'float',
      units: 'm/s',
      params: [0, 70],
    });
    expect(samples[0]?.subject).toBe('sensor.archive.wx.station_wind_speed');
    expect(parseSample(samples[0]?.text ?? '')).toMatchObject({
      name: 'wx_station_wind_speed',
      value: 7.25,
      status: 'nominal',
    });
    expect((await streamState(watcher, 'ARCHIVE')).messages).toBe(2);
    expect(broker.publishing.archive).toMatchObject({ published: 2, acknowledged: 2 });
    expect(broker.counters).toMatchObject({ updates: 1, archive: 1 });
  });

  it('is seen by `nats micro ls`', async () => {
    const broker = await join({ description: 'Weather station', version: '1.2.3' });
    const found = await discoverServices(watcher);
    expect(found).toMatchObject([
      { name: 'wx', version: '1.2.3', metadata: { katbus: 'component', instance: broker.instance } },
    ]);
  });

  it('answers a listing in chunks, the last one marked, by filter and by reading only', async () => {
    const broker = await join();
    for (let n = 0; n < 1_500; n += 1) {
      broker.addSensor({ name: `s${n}.value`, type: 'integer', description: 'x'.repeat(100) });
    }
    broker.update('s7.value', 42);
    const chunks = await list('rpc.sensors.wx', '');
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.map(({ last }) => last)).toEqual([
      ...new Array<boolean>(chunks.length - 1).fill(false),
      true,
    ]);
    expect(chunks.flatMap(({ sensors }) => sensors)).toHaveLength(1_500);
    for (const chunk of chunks) validate('listingChunk', chunk);

    const [only] = await list('rpc.sensors.all', { filter: '^wx_s7_value$', readingOnly: true });
    expect(only?.sensors).toMatchObject([
      { sensor: 's7_value', attributes: { name: 'wx_s7_value' }, sample: { value: 42, status: 'nominal' } },
    ]);
    expect(Object.keys(only?.sensors[0]?.attributes ?? {})).toEqual(['name']);
    expect((await list('rpc.sensors.wx', { filter: 'nothing' }))[0]).toMatchObject({
      sensors: [],
      last: true,
    });
  });

  it('lists a sensor without its sample when both together are too large for a message', async () => {
    const broker = await join();
    broker
      .addSensor({ name: 'huge', type: 'string', attributes: { text: 'x'.repeat(200_000) } })
      .update('y'.repeat(900_000));
    broker.addSensor({ name: 'small', type: 'integer' }).update(1);
    const entries = (await list('rpc.sensors.wx', '')).flatMap(({ sensors }) => sensors);
    expect(entries.map(({ sensor, sample }) => [sensor, sample?.value])).toEqual([
      ['huge', undefined],
      ['small', 1],
    ]);
  });

  it('answers a listing to the subject in the payload, the way of the paper', async () => {
    const broker = await join();
    broker.addSensor({ name: 'a', type: 'float' });
    const answers = await watch('my.own.reply');
    watcher.publish('rpc.sensors.wx', JSON.stringify({ reply: 'my.own.reply' }));
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    const harmed = await watch('sensor.archive.x.y');
    watcher.publish('rpc.sensors.wx', JSON.stringify({ reply: 'sensor.archive.x.y' }));
    await watcher.flush();
    await list('rpc.sensors.wx', {});
    expect(harmed).toEqual([]);
  });

  it.each([
    ['(payload)', 'no json'],
    ['filter', { filter: 7 }],
    ['filter', { filter: '(' }],
    ['colour', { colour: 'red' }],
    ['reply', { reply: 'a b' }],
  ])('answers a bad listing request naming %s', async (field, request) => {
    await join();
    const payload = typeof request === 'string' ? request : JSON.stringify(request);
    await expect(callService(watcher, 'rpc.sensors.wx', payload)).rejects.toMatchObject({ field });
  });

  it('announces its attributes again when asked, each sensor once', async () => {
    const broker = await join();
    for (const name of ['a', 'b', 'c']) broker.addSensor({ name, type: 'float' });
    await broker.flush(5_000);
    const seen = await watch('attributes.wx');
    expect(await callService(watcher, 'rpc.attributes.wx')).toEqual({ component: 'wx', announced: 3 });
    expect(seen.map(({ text }) => (JSON.parse(text) as Attributes).katcp_name)).toEqual([
      'wx.a',
      'wx.b',
      'wx.c',
    ]);
    watcher.publish('rpc.attributes.all', '');
    await vi.waitFor(() => expect(seen).toHaveLength(6));
  });

  it('beats', async () => {
    const beats = await watch('heartbeat.wx');
    const broker = await join({ heartbeatSeconds: 0.1 });
    await vi.waitFor(() => expect(beats.length).toBeGreaterThan(1));
    expect(validate('heartbeat', JSON.parse(beats[0]?.text ?? ''))).toMatchObject({
      component: 'wx',
      instance: broker.instance,
    });
  });

  it('sends what it held in an outage, and update() does not throw for it', async () => {
    const broker = await join();
    const sensor = broker.addSensor({ name: 'a', type: 'integer', sampling: { archiveIntervalSeconds: 0 } });
    sensor.update(0);
    await broker.flush(5_000);
    await server.stop('SIGKILL');
    for (let value = 1; value <= 100; value += 1) sensor.update(value);
    await server.start();
    expect(await broker.flush(20_000)).toBe(true);
    await vi.waitFor(
      async () => {
        expect((await streamState(watcher, 'ARCHIVE')).messages).toBeGreaterThanOrEqual(102);
      },
      { timeout: 10_000 },
    );
  });

  it('carries NaN, 0, the empty string, false, no value and a 10,000-element array as they are', async () => {
    const samples = await watch('sensor.archive.>');
    const broker = await join();
    const array = Array.from({ length: 10_000 }, (_, place) => place / 3);
    broker.addSensor({ name: 'nan', type: 'float' }).update(NaN);
    broker.addSensor({ name: 'zero', type: 'integer' }).update(0);
    broker.addSensor({ name: 'empty', type: 'string' }).update('');
    broker.addSensor({ name: 'no', type: 'boolean' }).update(false);
    broker.addSensor({ name: 'none', type: 'float' }).update(null, { status: 'unreachable' });
    broker.addSensor({ name: 'long', type: 'float[]' }).update(array);
    await vi.waitFor(() => expect(samples).toHaveLength(6));
    const values = samples.map(({ text }) => parseSample(text)).map(({ value }: Sample) => value);
    expect(values).toEqual(['NaN', 0, '', false, null, array]);
  });

  it('refuses bad use, naming the field', async () => {
    await expect(Broker.connect({ component: 'a b', servers: server.url })).rejects.toMatchObject({
      field: 'component',
    });
    await expect(Broker.connect({ component: 'all', servers: server.url })).rejects.toMatchObject({
      field: 'component',
    });
    await expect(join({ version: '1' })).rejects.toMatchObject({ field: 'version' });
    await expect(join({ heartbeatSeconds: 0 })).rejects.toMatchObject({ field: 'heartbeatSeconds' });
    const broker = await join();
    broker.addSensor({ name: 'station.wind', type: 'float' });
    expect(() => broker.addSensor({ name: 'station-wind', type: 'float' })).toThrow(
      /same subject as the sensor wx.station.wind/,
    );
    expect(() => broker.sensor('rain')).toThrow(expect.objectContaining({ field: 'name' }));
    expect(() => {
      broker.update('rain', 1);
    }).toThrow(expect.objectContaining({ field: 'name' }));
    expect(() =>
      broker.addSensor({ name: 'x', type: 'float', attributes: { big: 'x'.repeat(300_000) } }),
    ).toThrow(/attributes/);
    const wind = broker.sensor('station.wind');
    await broker.close();
    for (const update of [() => broker.update('station.wind', 1), () => wind.update(1)])
      expect(update).toThrow(/closed/);
    await broker.close();
  });

  it('archives what is held, and what was only a fill-in, before it is closed', async () => {
    const archived = await watch('sensor.archive.wx.*');
    const filled = await watch('sensor.normal.wx.*');
    const broker = await join({ sampling: { archiveIntervalSeconds: 60 } });
    for (const [name, normalIntervalSeconds] of [
      ['held', 0],
      ['filled', 0.05],
      ['still', 0],
    ] as const) {
      const sampling = { normalIntervalSeconds };
      broker.addSensor({ name, type: 'integer', description: name, sampling });
    }
    for (const name of ['held', 'filled', 'still']) broker.update(name, 1);
    broker.update('filled', 2);
    await vi.waitFor(() => expect(filled).toHaveLength(1));
    broker.update('held', 2);
    broker.update('held', 3);
    await broker.close();
    await watcher.flush();
    const values = (sensor: string) =>
      archived
        .filter(({ subject }) => subject.endsWith(`.${sensor}`))
        .map(({ text }) => (JSON.parse(text) as Sample).value);
    expect([values('held'), values('filled'), values('still')]).toEqual([[1, 3], [1, 2], [1]]);
    expect(broker.counters).toMatchObject({ updates: 6, archive: 5, normal: 1 });
  });

  it('is closed when the first of two closings is done, not before', async () => {
    const broker = await join();
    const sensor = broker.addSensor({ name: 'wind', type: 'float', units: 'm/s', description: 'wind' });
    sensor.update(1);
    let isClosed = false;
    void broker.close().then(() => (isClosed = true));
    await broker.close();
    expect(isClosed).toBe(true);
    expect(broker.publishing.archive).toMatchObject({ acknowledged: 2, pending: 0 });
    expect((await streamState(watcher, 'ARCHIVE')).lastSequence).toBe(2);
  });

  it('says in one line which server does not answer', async () => {
    await expect(Broker.connect({ component: 'wx', servers: 'nats://127.0.0.1:1' })).rejects.toThrow(
      /127\.0\.0\.1:1/,
    );
  });
});
