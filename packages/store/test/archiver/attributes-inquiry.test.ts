import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Broker } from '@katbus/bus';
import { callService } from '@katbus/bus/nats';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { AttributesInquiry } from '../../src/archiver/attributes-inquiry.ts';
import { metric, publishSample, testConnection, testNats, testStore } from '../store-fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function inquiry(options: object = {}) {
  const asked: string[] = [];
  const connection = { connected: true, publish: (subject: string) => void asked.push(subject) };
  return { asked, connection, inquiry: new AttributesInquiry(connection, () => undefined, options) };
}

test('a component is asked with growing pauses as long as samples without attributes keep coming', () => {
  const { asked, inquiry: asking } = inquiry({ firstMs: 1_000, mostMs: 8_000 });
  const times: number[] = [];
  for (let second = 0; second < 60; second++) {
    asking.missed('wx');
    const before = asked.length;
    vi.advanceTimersByTime(1_000);
    if (asked.length > before) times.push(second + 1);
  }
  expect(new Set(asked)).toEqual(new Set(['rpc.attributes.wx']));
  const pauses = times.slice(1).map((time, place) => time - times[place]!);
  expect(pauses.slice(0, 3).every((pause, place) => pause >= 2 ** (place + 1))).toBe(true);
  expect(pauses.at(-1)).toBeLessThanOrEqual(9);
  vi.advanceTimersByTime(20_000);
  const { length } = asked;
  vi.advanceTimersByTime(100_000);
  expect(asked).toHaveLength(length);
  expect(vi.getTimerCount()).toBe(0);
  asking.close();
});

test('so many a second altogether, each component in its turn, and no more components than the bound', () => {
  const { asked, inquiry: asking } = inquiry({ firstMs: 100, asksASecond: 10, mostComponents: 50 });
  for (let place = 0; place < 80; place++) asking.missed(`c${place}`);
  vi.advanceTimersByTime(3_000);
  expect(asked.length).toBeGreaterThan(25);
  expect(asked.length).toBeLessThanOrEqual(30);
  vi.advanceTimersByTime(60_000);
  expect(new Set(asked).size).toBe(50);
  asking.close();
});

test('after a loss all are asked some times, until they have announced something', () => {
  const { asked, inquiry: asking } = inquiry({ firstMs: 1_000, mostMs: 4_000 });
  asking.lost(['wx', 'm000']);
  vi.advanceTimersByTime(1_500);
  expect(asked.toSorted()).toEqual(['rpc.attributes.m000', 'rpc.attributes.wx']);
  asking.came('wx');
  vi.advanceTimersByTime(100_000);
  expect(asked.filter((subject) => subject.endsWith('wx'))).toHaveLength(1);
  expect(asked.filter((subject) => subject.endsWith('m000'))).toHaveLength(6);
  expect(vi.getTimerCount()).toBe(0);
});

test('attributes that the stream has lost are asked for until they come; samples are stored meanwhile', async () => {
  vi.useRealTimers();
  const nats = await testNats();
  const connection = await testConnection(nats);
  const broker = await Broker.connect({ component: 'wx', servers: nats.url });
  try {
    const sensor = broker.addSensor({ name: 'rain', type: 'float', units: 'mm' });
    sensor.update(1);
    await broker.flush(10_000);
    await connection.request('$JS.API.STREAM.PURGE.ARCHIVE', JSON.stringify({ filter: 'attributes.>' }));
    const archiver = { maxDelayMs: 100, inquiry: { firstMs: 100 } };
    const store = await testStore(nats, { archiver });
    await waitFor(async () => (await metric(store.registry, 'attributes_asked_total')) > 0, {
      what: 'it asks',
    });
    const known = async () => {
      const page = (await callService(connection, 'rpc.store.sensors', { component: 'wx' })) as {
        sensors: { sensor: string; attributes?: { units?: string } }[];
      };
      return page.sensors.find(({ sensor: name }) => name === 'rain')?.attributes?.units;
    };
    expect(await waitFor(known, { what: 'the attributes are there' })).toBe('mm');
    const before = await metric(store.registry, 'attributes_asked_total');
    await publishSample(connection, { address: { component: 'wx', sensor: 'rain' } });
    expect(await metric(store.registry, 'quarantine_messages')).toBe(0);
    expect(await metric(store.registry, 'attributes_asked_total')).toBe(before);
  } finally {
    await broker.close();
  }
});
