import { beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '@katbus/bus/daemon';
import { BusConnection, callService, discoverServices } from '@katbus/bus/nats';
import {
  STORE_SUBJECTS,
  type ComponentsPage,
  toSeconds,
  type CataloguePage,
  type HistoryPage,
  type LatestPage,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { Registry } from 'prom-client';
import { MemoryBackend } from '../../src/backend/memory/memory-backend.ts';
import { HistoryService } from '../../src/history-service/history-service.ts';
import { ReportTallies } from '../../src/report/report-tallies.ts';
import { StoreMetrics } from '../../src/store-metrics.ts';
import { startTestNats } from '../../../../test/support/test-nats.ts';
import { batch, DAY_START_US, sampleRow } from '../backend/rows.ts';
import { fullHistory, metric, WIND } from '../store-fixture.ts';

const START = toSeconds(DAY_START_US);
const MANY = { component: 'many', sensor: 'numbers' };
const LARGE = { component: 'many', sensor: 'large' };

let connection: BusConnection;
const registry = new Registry();

beforeAll(async () => {
  const nats = await startTestNats();
  connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
  const backend = new MemoryBackend();
  const second = (seconds: number) => DAY_START_US + seconds * 1e6;
  await backend.write(
    batch({
      samples: [
        sampleRow({ timeUs: second(-100), value: 'before' }),
        sampleRow({ timeUs: second(0), value: NaN }),
        sampleRow({ timeUs: second(1), value: [1, Infinity] }),
        sampleRow({ timeUs: second(2), value: null, status: 'unknown' }),
        ...Array.from({ length: 12_000 }, (_, place) =>
          sampleRow({ ...MANY, timeUs: second(place), value: place }),
        ),
        ...Array.from({ length: 3 }, (_, place) =>
          sampleRow({ ...LARGE, timeUs: second(place), value: 'x'.repeat(300_000) }),
        ),
      ],
      attributes: [
        {
          ...WIND,
          fromUs: second(-200),
          attributes: { name: 'wx_wind_speed', katcp_name: 'wx.wind-speed', units: 'm/s' },
        },
        { ...WIND, fromUs: second(1), attributes: { name: 'wx_wind_speed', units: 'km/h' } },
      ],
    }),
  );
  const logger = createLogger({ name: 'test', level: 'error', format: 'json' });
  const service = await HistoryService.start(
    {
      connection,
      backend,
      logger,
      metrics: new StoreMetrics(registry),
      version: '1.2.3',
      through: () => 77,
      retry: () => Promise.resolve({ stored: [], refused: [] }),
      tallies: await ReportTallies.open({ backend, logger, isActive: () => true }),
      archiveState: () => Promise.reject(new Error('not asked here')),
      status: () => Promise.reject(new Error('not asked here')),
    },
    { mostRunning: 2, mostWaiting: 4 },
  );
  return async () => {
    await service.stop();
    await connection.close();
    await nats[Symbol.asyncDispose]();
  };
});

const history = async (request: object) =>
  (await callService(connection, STORE_SUBJECTS.history, {
    ...WIND,
    start: START,
    end: START + 10,
    ...request,
  })) as HistoryPage;
const latest = async (request: object) =>
  (await callService(connection, STORE_SUBJECTS.latest, request)) as LatestPage;
const sensors = async (request: object) =>
  (await callService(connection, STORE_SUBJECTS.sensors, request)) as CataloguePage;

describe('history', () => {
  test('answers a half-open range, values as they travel, and through which message it is complete', async () => {
    expect(await history({ end: START + 2 })).toEqual({
      ...WIND,
      samples: [
        { time: START, value_ts: START - 0.0015, status: 'nominal', value: 'NaN' },
        { time: START + 1, value_ts: START + 0.9985, status: 'nominal', value: [1, 'Infinity'] },
      ],
      through: 77,
    });
  });

  test('gives the boundary sample first, on the first page only', async () => {
    const first = await history({ boundary: true, limit: 1 });
    expect(first.samples.map(({ value }) => value)).toEqual(['before', 'NaN']);
    const second = await history({ boundary: true, limit: 5, after: first.next });
    expect(second.samples.map(({ value }) => value)).toEqual([[1, 'Infinity'], null]);
    expect(second.next).toBeUndefined();
  });

  test('pages by samples: 5,000 unless asked otherwise, and every sample once', async () => {
    const page = await history({ ...MANY, end: START + 1e6 });
    expect(page.samples).toHaveLength(5_000);
    const all = await fullHistory(connection, { ...MANY, limit: 7_000 });
    expect(all.map(({ value }) => value)).toEqual(Array.from({ length: 12_000 }, (_, place) => place));
  });

  test('pages by bytes', async () => {
    const page = await history(LARGE);
    expect(page.samples).toHaveLength(1);
    expect(await fullHistory(connection, LARGE)).toHaveLength(3);
  });

  test.each([
    ['an unknown sensor', { sensor: 'nothing' }, 'NOT_FOUND', 'sensor'],
    ['an end before the start', { end: START - 1 }, 'BAD_REQUEST', 'end'],
    ['a limit above the bound', { limit: 10_001 }, 'BAD_REQUEST', 'limit'],
    ['a missing field', { component: undefined }, 'BAD_REQUEST', 'component'],
    ['a field that nobody knows', { begin: 5 }, 'BAD_REQUEST', 'begin'],
    ['a cursor that is none', { after: 'hello' }, 'BAD_REQUEST', 'after'],
  ])('refuses %s, naming the field', async (_, request, serviceCode, field) => {
    await expect(history(request)).rejects.toMatchObject({ serviceCode, field });
  });

  test('refuses what is not JSON', async () => {
    await expect(callService(connection, STORE_SUBJECTS.history, '{')).rejects.toMatchObject({
      serviceCode: 'BAD_REQUEST',
      field: '(payload)',
    });
  });
});

describe('the catalogue', () => {
  test('lists sensors with their newest attributes and times, by filter over both names', async () => {
    const page = await sensors({ filter: '^wx_' });
    expect(page).toEqual({
      sensors: [
        {
          ...WIND,
          name: 'wx_wind_speed',
          attributes: { name: 'wx_wind_speed', units: 'km/h' },
          firstTime: START - 100,
          lastTime: START + 2,
        },
      ],
    });
  });

  test('is paged', async () => {
    const first = await sensors({ limit: 2 });
    expect(first.sensors.map(({ sensor }) => sensor)).toEqual(['large', 'numbers']);
    const second = await sensors({ limit: 2, after: first.next });
    expect(second.sensors.map(({ sensor }) => sensor)).toEqual(['wind_speed']);
    expect(second.next).toBeUndefined();
  });

  test('names the components alone, paged', async () => {
    const components = (request: object) => callService(connection, STORE_SUBJECTS.components, request);
    const all = (await components({})) as ComponentsPage;
    validate('componentsPage', all);
    const known = new Set((await sensors({})).sensors.map(({ component }) => component));
    expect(all).toEqual({ components: [...known] });
    const first = (await components({ limit: 1 })) as ComponentsPage;
    expect(first).toEqual({ components: all.components.slice(0, 1), next: all.components[0] });
    expect(await components({ after: first.next })).toEqual({ components: all.components.slice(1) });
    await expect(components({ limit: 0 })).rejects.toMatchObject({ field: 'limit' });
  });

  test('refuses a filter that RE2 does not know, and a cursor that is none', async () => {
    await expect(sensors({ filter: '(?=x)' })).rejects.toMatchObject({
      serviceCode: 'BAD_REQUEST',
      field: 'filter',
    });
    await expect(sensors({ after: '???' })).rejects.toMatchObject({ field: 'after' });
  });

  test('tells which attributes held when', async () => {
    const request = { ...WIND, start: START - 50, end: START };
    expect(await callService(connection, STORE_SUBJECTS.attributes, request)).toEqual({
      ...WIND,
      attributes: [
        {
          from: START - 200,
          attributes: { name: 'wx_wind_speed', katcp_name: 'wx.wind-speed', units: 'm/s' },
        },
      ],
    });
    const all = await callService(connection, STORE_SUBJECTS.attributes, WIND);
    expect(all).toMatchObject({ attributes: [{}, { attributes: { units: 'km/h' } }] });
    await expect(
      callService(connection, STORE_SUBJECTS.attributes, { ...WIND, sensor: 'nothing' }),
    ).rejects.toMatchObject({ serviceCode: 'NOT_FOUND', field: 'sensor' });
  });
});

describe('latest', () => {
  test('gives the newest sample of each sensor that a pattern matches, paged', async () => {
    const wind = await latest({ subjects: ['sensor.archive.wx.*'] });
    expect(wind).toEqual({
      samples: [
        {
          ...WIND,
          name: 'wx_wind_speed',
          time: START + 2,
          value_ts: START + 1.9985,
          status: 'unknown',
          value: null,
        },
      ],
    });
    const subjects = ['sensor.archive.>'];
    const first = await latest({ subjects });
    // The large one fills a page nearly by itself.
    expect(first.samples.map(({ sensor }) => sensor)).toEqual(['large', 'numbers', 'wind_speed']);
    const one = await latest({ subjects, limit: 1 });
    const rest = await latest({ subjects, after: one.next });
    expect(rest.samples.map(({ sensor }) => sensor)).toEqual(['numbers', 'wind_speed']);
  });

  test('refuses a pattern that NATS does not know', async () => {
    await expect(latest({ subjects: ['sensor.>.x'] })).rejects.toMatchObject({
      serviceCode: 'BAD_REQUEST',
      field: 'subjects',
    });
  });
});

describe('the service', () => {
  test('answers in the shapes that the schemas tell', async () => {
    validate('historyPage', await history({ limit: 1 }));
    validate('latestPage', await latest({ subjects: ['sensor.archive.>'], limit: 1 }));
    validate('cataloguePage', await sensors({ limit: 1 }));
    validate('attributesHistory', await callService(connection, STORE_SUBJECTS.attributes, WIND));
    const { data } = await connection.request(STORE_SUBJECTS.sensors, '{"limit":0}');
    validate('serviceError', JSON.parse(Buffer.from(data).toString()));
  });

  test('is found as a micro service', async () => {
    expect(await discoverServices(connection, { name: 'store' })).toMatchObject([
      { name: 'store', version: '1.2.3', metadata: { backend: 'memory' } },
    ]);
  });

  test('answers BUSY beyond its bound, and counts what it answers', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 50 }, () => history({ ...MANY, end: START + 1e6 })),
    );
    const busy = answers.filter(({ status }) => status === 'rejected');
    expect(busy.length).toBeGreaterThan(0);
    for (const answer of busy) expect(answer).toMatchObject({ reason: { serviceCode: 'BUSY' } });
    expect(answers.length - busy.length).toBeGreaterThan(0);
    const counted = await metric(registry, 'requests_total', { endpoint: 'history', outcome: 'BUSY' });
    expect(counted).toBe(busy.length);
    expect(await history({})).toMatchObject({ through: 77 });
  });
});
