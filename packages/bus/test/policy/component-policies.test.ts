import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseSample, type PolicyRule, type Sample } from '@katbus/protocol';
import { Broker, setupBus, type BrokerEvent } from '@katbus/bus';
import { BusConnection, KvBucket, setupStreams } from '@katbus/bus/nats';
import { startTestNats, type TestNats } from '../../../../test/support/test-nats.ts';

const SOON = { timeout: 20_000, interval: 20 };

let nats: TestNats;
let operator: BusConnection;
let broker: Broker | undefined;
let events: BrokerEvent[];

beforeEach(async () => {
  nats = await startTestNats();
  operator = await connect();
  await setupStreams(operator);
  events = [];
});

afterEach(async () => {
  await broker?.close();
  broker = undefined;
  await operator.close();
  await nats.stop();
});

function connect(): Promise<BusConnection> {
  return BusConnection.connect({
    servers: nats.url,
    name: 'operator',
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
  });
}

async function join(): Promise<Broker> {
  broker = await Broker.connect({
    component: 'wx',
    servers: nats.url,
    closeTimeoutMs: 100,
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
  });
  broker.onEvent((event) => events.push(event));
  return broker;
}

async function put(rules: readonly PolicyRule[] | string): Promise<number> {
  const bucket = await KvBucket.open(operator, 'policies');
  return bucket.put('throttle', typeof rules === 'string' ? rules : JSON.stringify(rules));
}

const archiveSeconds = (of: Broker, name: string) => of.sensor(name).sampling.rule.archiveIntervalUs / 1e6;

describe('a component and the policies', () => {
  it('has them from its first sensor on, field by field over what its code says', async () => {
    await put([
      { match: 'wx.wind.*', archiveIntervalSeconds: 3 },
      { match: 'wx.*', deadBand: 0.5 },
    ]);
    const wx = await join();
    const sampling = { archiveIntervalSeconds: 60, normalIntervalSeconds: 2 };
    wx.addSensor({ name: 'wind.speed', type: 'float', sampling });
    wx.addSensor({ name: 'rain', type: 'float', sampling });
    expect(wx.sensor('wind.speed').sampling.rule).toMatchObject({
      archiveIntervalUs: 3e6,
      normalIntervalUs: 2e6,
      deadBand: 0,
    });
    expect(wx.sensor('rain').sampling.rule).toMatchObject({ archiveIntervalUs: 60e6, deadBand: 0.5 });
    expect(wx.policies).toMatchObject({ rules: 2, refused: 0 });
  });

  it('applies a new list while it runs: what is held goes out under the new rule, once', async () => {
    await put([{ match: '*', archiveIntervalSeconds: 1000, normalIntervalSeconds: 0 }]);
    const wx = await join();
    const samples: Sample[] = [];
    operator.subscribe('sensor.>', ({ data }) => samples.push(parseSample(data)));
    await operator.flush();
    const wind = wx.addSensor({ name: 'wind', type: 'integer' });
    for (const value of [1, 2, 3]) wind.update(value);
    expect(wind.throttleState().held?.value).toBe(3);
    await vi.waitFor(() => expect(samples.map(({ value }) => value)).toEqual([1]), SOON);

    const revision = await put([{ match: '*', archiveIntervalSeconds: 0.2, normalIntervalSeconds: 0 }]);
    await vi.waitFor(() => expect(samples.map(({ value }) => value)).toEqual([1, 3]), SOON);
    expect(events).toContainEqual({ type: 'policy', state: 'applied', revision, rules: 1 });
    expect(wind.throttleState()).toMatchObject({ held: undefined, counts: { superseded: 1, archive: 2 } });

    await (await KvBucket.open(operator, 'policies')).delete('throttle');
    await vi.waitFor(() => expect(events).toContainEqual({ type: 'policy', state: 'none' }), SOON);
    expect(archiveSeconds(wx, 'wind')).toBe(10);
  });

  it.each([
    ['no JSON', '[{'],
    ['a wrong field', '[{"match":"*","archiveIntervalSeconds":-1}]'],
    ['a glob that stands for a million', JSON.stringify([{ match: '{a,b}'.repeat(20) }])],
  ])('refuses a bad list whole, says so and goes on with the last good one: %s', async (_, bad) => {
    await put([{ match: '*', archiveIntervalSeconds: 5 }]);
    const wx = await join();
    wx.addSensor({ name: 'wind', type: 'float' });
    const revision = await put(bad);
    await vi.waitFor(() => expect(wx.policies.refused).toBe(1), SOON);
    expect(events).toContainEqual(expect.objectContaining({ type: 'policy', state: 'refused', revision }));
    expect(wx.policies.refusal).toBeDefined();
    expect(archiveSeconds(wx, 'wind')).toBe(5);
    await put([{ match: '*', archiveIntervalSeconds: 6 }]);
    await vi.waitFor(() => expect(archiveSeconds(wx, 'wind')).toBe(6), SOON);
    expect(wx.policies).toMatchObject({ refused: 1, refusal: undefined });
  });

  it('goes on with its own settings where there is no bucket, and takes policies up when it appears', async () => {
    const wx = await join();
    wx.addSensor({ name: 'wind', type: 'float', sampling: { archiveIntervalSeconds: 7 } });
    expect(archiveSeconds(wx, 'wind')).toBe(7);
    expect(wx.policies.revision).toBeUndefined();
    const { lines } = await setupBus(operator, { settings: {} });
    expect(lines).toContain('bucket policies: none yet, components follow their own settings');
    await put([{ match: 'wx.*', archiveIntervalSeconds: 2 }]);
    await vi.waitFor(() => expect(archiveSeconds(wx, 'wind')).toBe(2), SOON);
  });

  it('follows them through a killed server and a server whose data were wiped', async () => {
    await put([{ match: '*', archiveIntervalSeconds: 5 }]);
    const wx = await join();
    wx.addSensor({ name: 'wind', type: 'float' });
    expect(archiveSeconds(wx, 'wind')).toBe(5);

    nats = await nats.restart();
    await operator.whenConnected();
    await put([{ match: '*', archiveIntervalSeconds: 6 }]);
    await vi.waitFor(() => expect(archiveSeconds(wx, 'wind')).toBe(6), SOON);

    // The data vanish under the running server, which is then killed: it starts with nothing.
    await rm(path.join(nats.storeDirectory, 'jetstream'), { recursive: true, force: true });
    nats = await nats.restart();
    await operator.whenConnected();
    expect(archiveSeconds(wx, 'wind')).toBe(6);
    await setupStreams(operator);
    await put([{ match: '*', archiveIntervalSeconds: 8 }]);
    await vi.waitFor(() => expect(archiveSeconds(wx, 'wind')).toBe(8), SOON);
  }, 60_000);

  it('leaves the loop free while a list comes to 20,000 sensors, and a newer list wins', async () => {
    const wx = await join();
    for (let n = 0; n < 20_000; n += 1) {
      wx.addSensor({ name: `m${n % 64}.s${n}`, type: 'float' });
      if (n % 2_000 === 0) await wx.flush(10_000);
    }
    await wx.flush(10_000);
    const slow = (seconds: number) => [
      ...Array.from({ length: 100 }, (_, n) => ({ match: `*[ab]${n}*{x,y}*` })),
      { match: '*', archiveIntervalSeconds: seconds },
    ];
    let longestMs = 0;
    // Of this thread alone: what the loop takes, and not what other processes take from it.
    let last = process.threadCpuUsage();
    const watch = setInterval(() => {
      const { user, system } = process.threadCpuUsage(last);
      longestMs = Math.max(longestMs, (user + system) / 1000);
      last = process.threadCpuUsage();
    }, 1);
    await put(slow(3));
    await put(slow(4));
    const revision = await put(slow(5));
    await vi.waitFor(() => expect(wx.policies.revision).toBe(revision), { timeout: 60_000, interval: 20 });
    clearInterval(watch);
    for (const sensor of wx.sensors) expect(sensor.sampling.rule.archiveIntervalUs).toBe(5e6);
    // Turns of 4 ms, and the moment in which the globs of a list are compiled.
    expect(longestMs).toBeLessThan(150);
  }, 120_000);
});
