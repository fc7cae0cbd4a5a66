import { describe, expect, test } from 'vitest';
import { callService } from '@katbus/bus/nats';
import {
  STORE_SUBJECTS,
  toSeconds,
  wallClockUs,
  type AttributesHistory,
  type CataloguePage,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { waitFor } from '../../../../test/support/wait-for.ts';
import {
  everythingStored,
  fullHistory,
  metric,
  publishSample,
  publishStored,
  storeStatus,
  testConnection,
  testFolder,
  testNats,
  testStore,
  WIND,
} from '../store-fixture.ts';

describe('the archiver', () => {
  test('stores a sample within the promised delay, and gives it back as it was', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    await testStore(nats, { archiver: {} });
    await waitFor(async () => (await storeStatus(connection)).state === 'reading', { what: 'it reads' });
    const timeUs = wallClockUs();
    await publishSample(connection, { timeUs, value: 7.25, status: 'warn' });
    const publishedMs = performance.now();
    const samples = await waitFor(
      async () => {
        const found = await fullHistory(connection, WIND);
        return found.length > 0 && found;
      },
      { what: 'the sample is stored' },
    );
    expect(performance.now() - publishedMs).toBeLessThan(2_000);
    expect(samples).toEqual([
      { time: toSeconds(timeUs), value_ts: toSeconds(timeUs - 1_000), status: 'warn', value: 7.25 },
    ]);
  });

  test('stores what was published before it started, and goes on where it was stopped', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const options = { backend: 'sqlite', directory } as const;
    const firstUs = wallClockUs();
    await publishSample(connection, { timeUs: firstUs, value: 'first' });
    const first = await testStore(nats, options);
    await everythingStored(connection);
    await first.stop();
    await publishSample(connection, { timeUs: firstUs + 1, value: 'second' });
    const second = await testStore(nats, options);
    await everythingStored(connection);
    expect((await fullHistory(connection, WIND)).map(({ value }) => value)).toEqual(['first', 'second']);
    expect(await metric(second.registry, 'samples_total')).toBe(1);
  });

  test('puts what is no sample into quarantine, each with its reason, and stores what comes after', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const { registry } = await testStore(nats);
    const subject = 'sensor.archive.wx.wind_speed';
    const now = toSeconds(wallClockUs());
    const sample = (fields: object) =>
      JSON.stringify({
        name: 'wx_wind_speed',
        time: now,
        value_ts: now,
        status: 'nominal',
        value: 1,
        ...fields,
      });
    await publishStored(
      connection,
      'attributes.wx',
      JSON.stringify([
        { name: 'wx_wind_speed', type: 'float' },
        { name: 'wx_mode', type: 'discrete', params: ['on', 'off'] },
      ]),
    );
    const bad: [string, string, string][] = [
      ['undecodable', subject, '{"name"'],
      ['undecodable', subject, '[]'],
      ['name', subject, sample({ name: 'wx_other' })],
      ['status', subject, sample({ status: 'fine' })],
      ['time', subject, sample({ time: now + 7_200 })],
      ['time', subject, sample({ time: now - 11 * 365.25 * 86_400 })],
      ['value_ts', subject, sample({ value_ts: '1' })],
      ['value', subject, sample({ value: { nested: true } })],
      ['value', subject, sample({ value: null })],
      ['type', subject, sample({ value: 'fast' })],
      ['type', 'sensor.archive.wx.mode', sample({ name: 'wx_mode', value: 'half' })],
      ['subject', 'sensor.archive.wx', sample({})],
      ['subject', 'sensor.archive.wx.a.b', sample({})],
      ['attributes', 'attributes.wx', '{"type":"float"}'],
      ['attributes', 'attributes.wx', '{"name":"dome_shutter"}'],
      ['attributes', 'attributes.wx', `{"name":"wx_x","x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`],
      ['subject', 'attributes.wx.more', '{"name":"wx_x"}'],
    ];
    for (const [, badSubject, payload] of bad) await publishStored(connection, badSubject, payload);
    await publishSample(connection, { value: 'NaN' });
    const status = await everythingStored(connection);
    expect(status.quarantined).toBe(bad.length);
    expect((await fullHistory(connection, WIND)).map(({ value }) => value)).toEqual(['NaN']);
    for (const reason of new Set(bad.map(([name]) => name))) {
      const count = bad.filter(([name]) => name === reason).length;
      expect([reason, await metric(registry, 'quarantined_total', { reason })]).toEqual([reason, count]);
    }
  });

  test('keeps attributes, tells that the catalogue changed, and skips markers', async () => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const notices: { sensors: number }[] = [];
    connection.subscribe('portal.cache_update_done', ({ data }) => {
      notices.push(JSON.parse(Buffer.from(data).toString()) as { sensors: number });
    });
    await testStore(nats);
    const attributes = {
      name: 'wx_wind_speed',
      katcp_name: 'wx.wind-speed',
      type: 'float',
      units: 'm/s',
      extra: 7,
    };
    await publishStored(connection, 'sync.archive.portal1', '{"nonce":"x"}');
    await publishStored(connection, 'attributes.wx', JSON.stringify(attributes));
    await publishStored(connection, 'attributes.wx', JSON.stringify(attributes));
    await waitFor(() => notices.length > 0, { what: 'a notice' });
    await everythingStored(connection);
    const page = (await callService(connection, STORE_SUBJECTS.sensors)) as CataloguePage;
    expect(page.sensors).toEqual([{ ...WIND, name: 'wx_wind_speed', attributes }]);
    const history = (await callService(connection, STORE_SUBJECTS.attributes, WIND)) as AttributesHistory;
    expect(history.attributes.map((span) => span.attributes)).toEqual([attributes]);
    expect(notices).toMatchObject([{ sensors: 1 }]);
    validate('cacheUpdateDone', notices[0]);
  });
});
