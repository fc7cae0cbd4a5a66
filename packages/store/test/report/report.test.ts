import { describe, expect, onTestFinished, test } from 'vitest';
import { callService, type BusConnection } from '@katbus/bus/nats';
import {
  STORE_SUBJECTS,
  toMicroseconds,
  wallClockUs,
  type ArchiveReport,
  type DayReportPage,
  type SampleValue,
  type SensorReport,
  type SensorReportPage,
  type SensorReportRequest,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import type { BackendName } from '../../src/open-backend.ts';
import {
  everythingStored,
  publishSample,
  publishStored,
  samplePayload,
  storeStatus,
  testConnection,
  testFolder,
  testNats,
  testStore,
} from '../store-fixture.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { StoreProcess } from '../store-process.ts';

const report = async (connection: BusConnection, request: object = {}) =>
  validate<ArchiveReport>('archiveReport', await callService(connection, STORE_SUBJECTS.report, request));
const page = async (connection: BusConnection, request: SensorReportRequest) =>
  validate<SensorReportPage>(
    'sensorReportPage',
    await callService(connection, STORE_SUBJECTS.reportSensors, request),
  );
const days = async (connection: BusConnection, request: object = {}) =>
  validate<DayReportPage>('dayReportPage', await callService(connection, STORE_SUBJECTS.reportDays, request));

/** All pages. */
async function sensors(
  connection: BusConnection,
  request: SensorReportRequest = {},
): Promise<SensorReport[]> {
  const found: SensorReport[] = [];
  let after: string | undefined;
  do {
    const { sensors: some, next } = await page(connection, {
      ...request,
      ...(after !== undefined && { after }),
    });
    found.push(...some);
    after = next;
  } while (after !== undefined);
  return found;
}

const names = (found: readonly SensorReport[]) => found.map(({ sensor }) => sensor);

const HOUR_US = 3_600e6;

/** Sensors of every kind that a report tells of, in the hours before now. */
async function fill(connection: BusConnection): Promise<void> {
  const nowUs = wallClockUs();
  const came = (sensor: string, agoUs: number, value: SampleValue) =>
    publishSample(connection, { address: { component: 'wx', sensor }, timeUs: nowUs - agoUs, value });
  const names = ['steady', 'silent', 'stuck', 'broken', 'unsorted', 'never'];
  const attributes = names.map((name) => ({ name: `wx_${name}`, type: 'float' }));
  await publishStored(connection, 'attributes.wx', JSON.stringify(attributes));
  // The last one is of now: its rate is that of its samples until ten seconds have gone by.
  for (let place = 19; place >= 0; place--) await came('steady', place * 10e6, place);
  await came('silent', 3 * HOUR_US, 1);
  await came('stuck', 9 * HOUR_US, 1);
  for (const hours of [8, 5, 2, 0.5]) await came('stuck', hours * HOUR_US, 2);
  for (let place = 20; place > 0; place--) await came('broken', HOUR_US + place * 1e6, place);
  await came('broken', 60e6, 0);
  for (const seconds of [50, 40, 45, 30]) await came('unsorted', seconds * 1e6, seconds);
  await publishStored(connection, 'sensor.archive.wx.steady', '{"half of it');
  await publishStored(connection, 'sensor.archive.wx.steady', samplePayload({ timeUs: nowUs + 2 * HOUR_US }));
  await everythingStored(connection);
}

describe.each(['memory', 'sqlite'] as const)('the reports of back end %s', (backend) => {
  async function system() {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const store = await testStore(nats, { backend, directory });
    await fill(connection);
    return { nats, connection, store, directory };
  }

  test('tell of the archive as a whole, of its days, and of what was dropped', async () => {
    const { connection } = await system();
    const whole = await report(connection);
    const findings = { 'never-seen': 1, silent: 1, stuck: 1, gaps: 1, 'out-of-order': 1 };
    expect(whole).toMatchObject({
      sensors: { known: 6, ...findings },
      samples: 51,
      state: 'reading',
      lagMessages: 0,
      lagSeconds: 0,
      drops: [
        { where: 'quarantine', reason: 'undecodable', messages: 1 },
        { where: 'quarantine', reason: 'name', messages: 1 },
      ],
    });
    expect(whole.outOfOrderShare).toBeCloseTo(1 / 51, 4);
    expect(whole.samplesPerSecond).toBeGreaterThan(0.08);
    expect(whole.bytes).toBeGreaterThan(0);
    expect(
      (await report(connection, { silentSeconds: 4 * 3600, stuckSeconds: 8 * 3600 })).sensors,
    ).toMatchObject({
      silent: 0,
      stuck: 0,
    });
    const { days: all, next } = await days(connection);
    expect(next).toBeUndefined();
    expect(all.reduce((sum, { samples }) => sum + samples, 0)).toBe(51);
    expect(all[0]?.date).toBe(new Date().toISOString().slice(0, 10));
    for (const { bytes } of all) expect(bytes).toBeGreaterThan(0);
  });

  test('tell of each sensor, by what is wrong with it', async () => {
    const { connection } = await system();
    const found = await sensors(connection);
    expect(names(found)).toEqual(['broken', 'never', 'silent', 'steady', 'stuck', 'unsorted']);
    const [broken, never, silent, steady, stuck, unsorted] = found;
    expect(broken).toMatchObject({ findings: ['gaps'], samples: 21, gaps: 1 });
    expect(broken!.longestGapSeconds).toBeCloseTo(3_541, 0);
    expect(broken!.lastGapEnd).toBe(broken!.lastTime);
    expect(never).toMatchObject({
      findings: ['never-seen'],
      samples: 0,
      samplesPerSecond: 0,
      name: 'wx_never',
    });
    expect(never!.announced).toBeGreaterThan(1e9);
    expect(never).not.toHaveProperty('lastTime');
    expect(silent).toMatchObject({ findings: ['silent'], samples: 1 });
    expect(silent!.silentSeconds).toBeGreaterThan(3 * 3600);
    expect(steady).toMatchObject({ findings: [], samples: 20, gaps: 0, outOfOrder: 0 });
    expect(steady!.samplesPerSecond).toBeCloseTo(0.1, 2);
    expect(stuck).toMatchObject({ findings: ['stuck'], unchangedSamples: 4 });
    expect(stuck!.lastTime! - stuck!.unchangedSince!).toBeCloseTo(7.5 * 3600, 0);
    expect(unsorted).toMatchObject({ findings: ['out-of-order'], outOfOrder: 1, outOfOrderShare: 0.25 });
    for (const finding of ['never-seen', 'silent', 'stuck', 'gaps', 'out-of-order'] as const) {
      const some = await sensors(connection, { finding });
      expect(names(some)).toEqual(names(found.filter(({ findings }) => findings.includes(finding))));
    }
  });

  test('come in any order, in pages, by filter and component', async () => {
    const { connection } = await system();
    const inPages = async (request: SensorReportRequest) => {
      const whole = names(await sensors(connection, request));
      expect(names(await sensors(connection, { ...request, limit: 1 }))).toEqual(whole);
      return whole;
    };
    expect((await inPages({ order: 'silent' })).slice(0, 2)).toEqual(['never', 'silent']);
    expect((await inPages({ order: 'samples' })).slice(0, 2)).toEqual(['broken', 'steady']);
    expect((await inPages({ order: 'gaps' }))[0]).toBe('broken');
    expect((await inPages({ order: 'out-of-order' }))[0]).toBe('unsorted');
    expect((await inPages({ order: 'unchanged' }))[0]).toBe('stuck');
    expect((await inPages({ order: 'unchanged' })).at(-1)).toBe('never');
    expect(await inPages({ filter: 'wx_s|sorted' })).toEqual(['silent', 'steady', 'stuck', 'unsorted']);
    expect(await inPages({ component: 'other' })).toEqual([]);
    const first = await page(connection, { limit: 2, order: 'silent' });
    const second = await page(connection, { limit: 2, order: 'silent', after: first.next! });
    expect(second.time).toBe(first.time);
  });

  test('refuse what is wrong, and name it', async () => {
    const { connection } = await system();
    const refusals = [
      [{ finding: 'lost' }, 'finding'],
      [{ order: 'colour' }, 'order'],
      [{ filter: '(' }, 'filter'],
      [{ limit: 0 }, 'limit'],
      [{ limit: 1_001 }, 'limit'],
      [{ after: 'x' }, 'after'],
      [{ after: Buffer.from('{"atUs":"x"}').toString('base64url') }, 'after'],
      [{ silentSeconds: -1 }, 'silentSeconds'],
      [{ sensor: 'wx' }, 'sensor'],
    ] as const;
    for (const [request, field] of refusals) {
      await expect(page(connection, request as object)).rejects.toMatchObject({
        serviceCode: 'BAD_REQUEST',
        field,
      });
    }
    await expect(days(connection, { after: 'yesterday' })).rejects.toMatchObject({ field: 'after' });
    await expect(report(connection, { limit: 3 })).rejects.toMatchObject({ field: 'limit' });
  });
});

describe('the reports of a store that is started again', { timeout: 120_000 }, () => {
  test('go on from where they were, and count nothing twice', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const options = { backend: 'sqlite' as BackendName, directory: await testFolder() };
    const first = await testStore(nats, options);
    await fill(connection);
    const [sensorsBefore, daysBefore, before] = await Promise.all([
      sensors(connection),
      days(connection),
      report(connection),
    ]);
    await first.stop();
    // The stream is read again from its beginning: the archive is as it was, and so are the counts.
    const second = await testStore(nats, options);
    const after = await report(connection);
    expect({ ...after, ...timeless }).toEqual({ ...before, ...timeless });
    expect((await sensors(connection)).map(lasting)).toEqual(sensorsBefore.map(lasting));
    const counts = (page: DayReportPage) => page.days.map(({ date, samples }) => [date, samples]);
    expect(counts(await days(connection))).toEqual(counts(daysBefore));
    // A gap that began before the stop ends after it.
    await publishSample(connection, {
      address: { component: 'wx', sensor: 'steady' },
      timeUs: wallClockUs() + HOUR_US / 2,
      value: 1,
    });
    await everythingStored(connection);
    const [steady] = await sensors(connection, { filter: 'steady' });
    expect(steady).toMatchObject({ samples: 21, gaps: 1 });
    await second.stop();
  });

  const timeless = { time: 0, bytes: 0, samplesPerSecond: 0, state: '', lagMessages: 0, lagSeconds: 0 };
  const lasting = (row: SensorReport) => ({ ...row, silentSeconds: 0, samplesPerSecond: 0 });

  test('know the sensors of an archive of which nothing was counted', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const before = await testStore(nats, { backend: 'sqlite', directory });
    await fill(connection);
    await before.stop();
    const { DatabaseSync } = await import('node:sqlite');
    const catalogue = new DatabaseSync(`${directory}/catalogue.db`);
    catalogue.exec('DROP TABLE tallies');
    catalogue.close();
    await testStore(nats, { backend: 'sqlite', directory });
    const found = await waitFor(
      async () => {
        const all = await sensors(connection);
        return all.length === 6 ? all : undefined;
      },
      { what: 'the catalogue is read' },
    );
    expect(found.map(({ sensor, findings }) => [sensor, findings])).toEqual([
      ['broken', []],
      ['never', ['never-seen']],
      ['silent', ['silent']],
      ['steady', []],
      ['stuck', []],
      ['unsorted', []],
    ]);
    for (const { samples } of found) expect(samples).toBe(0);
  });

  test('are right about the rest when a part is damaged', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const before = await testStore(nats, { backend: 'sqlite', directory });
    await fill(connection);
    await before.stop();
    const { DatabaseSync } = await import('node:sqlite');
    const catalogue = new DatabaseSync(`${directory}/catalogue.db`);
    catalogue.exec("UPDATE tallies SET data = x'00' WHERE name = 'sensors-0'");
    catalogue.close();
    await testStore(nats, { backend: 'sqlite', directory });
    expect((await days(connection)).days.reduce((sum, { samples }) => sum + samples, 0)).toBe(51);
    await waitFor(async () => ((await sensors(connection)).length === 6 ? true : undefined), {
      what: 'the catalogue is read',
      timeoutMs: 20_000,
    });
  });

  test('have lost at most what a kill took, and have no gap for it', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const store = await StoreProcess.start(nats.url, directory);
    await waitFor(async () => (await store.isReady()) || undefined, { what: 'the store', timeoutMs: 60_000 });
    await fill(connection);
    await store.end('SIGKILL');
    const again = await StoreProcess.start(nats.url, directory);
    await waitFor(async () => (await again.isReady()) || undefined, { what: 'the store', timeoutMs: 60_000 });
    await everythingStored(connection);
    const samples = (await report(connection)).samples;
    expect(samples).toBeLessThanOrEqual(51);
    await publishSample(connection, { address: { component: 'wx', sensor: 'steady' }, value: 5 });
    await everythingStored(connection);
    const [steady] = await sensors(connection, { filter: 'steady' });
    expect(steady!.gaps).toBe(0);
    expect((await storeStatus(connection)).sensors).toBe(6);
    expect(await sensors(connection)).toHaveLength(6);
    onTestFinished(async () => {
      await again.end('SIGTERM');
    });
  });
});

test('a microsecond of wire time is a microsecond of the report', async () => {
  const nats = await testNats();
  const connection = await testConnection(nats);
  await testStore(nats, {});
  const timeUs = wallClockUs() - 5e6;
  await publishSample(connection, { timeUs });
  await everythingStored(connection);
  const [only] = await sensors(connection);
  expect(toMicroseconds(only!.lastTime!)).toBe(timeUs);
});
