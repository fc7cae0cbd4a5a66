import { validate } from '@katbus/protocol/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Broker } from '@katbus/bus';
import { LiveSystem } from '../../../../test/support/live-system.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { TestPortal } from '../support/test-portal.ts';
import { parseExposition } from './parse-exposition.ts';

describe('a scrape of sensors', () => {
  let system: LiveSystem;
  let wx: Broker;
  beforeAll(async () => {
    system = await LiveSystem.start({ limits: { scrapeSensors: 4, scrapeWatches: 3 } });
    wx = await system.join('wx');
    wx.addSensor({
      name: 'station.wind-speed',
      type: 'float',
      units: 'm/s',
      description: 'wind',
    });
    wx.addSensor({ name: 'door', type: 'discrete', params: ['open', 'closed'], description: 'door' });
    const dome = await system.join('dome');
    for (const name of ['a', 'b', 'c'])
      dome.addSensor({ name, type: 'integer', units: '', description: name });
    wx.update('station.wind-speed', 7.25);
    wx.update('door', 'closed');
    for (const name of ['a', 'b', 'c']) dome.update(name, 1);
  }, 30_000);
  afterAll(() => system.stop());

  async function scrape(...match: string[]) {
    const query = match.map((glob) => `match=${encodeURIComponent(glob)}`).join('&');
    const answer = await fetch(`${system.portalUrl}/metrics/sensors?${query}`);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const families = parseExposition(await answer.text());
    return (family: string) =>
      (families.get(`katbus_sensor_${family}`)?.samples ?? [])
        .map(({ labels: { component, sensor, ...labels }, value }) => [
          `${component}.${sensor}`,
          ...Object.values(labels),
          value,
        ])
        .sort();
  }
  const snapshots = () => system.metric('portal', 'snapshots_total');

  test('has what is current, and follows what is published without reading the streams again', async () => {
    const first = await waitFor(
      async () => {
        const of = await scrape('wx.*');
        expect(of('value')).toEqual([['wx.station_wind_speed', 'm/s', 7.25]]);
        return of;
      },
      { what: 'the attributes to be known' },
    );
    expect(first('state')).toEqual([
      ['wx.door', 'closed', 1],
      ['wx.door', 'open', 0],
    ]);
    expect(first('status')).toHaveLength(2);
    expect(first('timestamp_seconds')).toHaveLength(2);
    const before = await snapshots();
    wx.update('station.wind-speed', 31.5, { status: 'warn' });
    await waitFor(
      async () => {
        const of = await scrape('wx.*');
        expect(of('value')).toEqual([['wx.station_wind_speed', 'm/s', 31.5]]);
        expect(of('status')).toContainEqual(['wx.station_wind_speed', 3]);
        return true;
      },
      { what: 'the new value' },
    );
    expect(await snapshots()).toBe(before);
    expect(await system.metric('portal', 'scrape_watches')).toBe(1);
  });

  test('has a sensor that is born later', async () => {
    wx.addSensor({ name: 'hail', type: 'boolean', description: 'hail' });
    wx.update('hail', true);
    await waitFor(
      async () =>
        (await scrape('wx.*'))('value').some(([sensor, , value]) => sensor === 'wx.hail' && value === 1),
      { what: 'the new sensor' },
    );
  });

  test('takes several globs, in any order, and counts a sensor once', async () => {
    const of = await scrape('dome.?', '*.a', 'dome.{a,b}');
    expect(of('status').map(([sensor]) => sensor)).toEqual(['dome.a', 'dome.b', 'dome.c']);
    const before = await system.metric('portal', 'scrape_watches');
    await scrape('*.a', 'dome.{a,b}', 'dome.?');
    expect(await system.metric('portal', 'scrape_watches')).toBe(before);
    expect((await scrape('nobody.*'))('status')).toEqual([]);
  });

  test('keeps no more sets than it may: the one scraped longest ago ends', async () => {
    for (const glob of ['dome.a', 'dome.b', 'dome.c', 'wx.door']) await scrape(glob);
    expect(await system.metric('portal', 'scrape_watches')).toBe(3);
  });

  test.each<[string, number, string, string | undefined, string]>([
    ['', 400, 'BAD_REQUEST', 'match', 'required'],
    ['?match=', 400, 'BAD_REQUEST', 'match.0', 'fewer than 1'],
    [`?match=${'x'.repeat(257)}`, 400, 'BAD_REQUEST', 'match.0', 'more than 256'],
    [`?match=${'{a,b}'.repeat(20)}`, 400, 'BAD_REQUEST', 'match', '256 globs'],
    [`?${'match=a&'.repeat(17)}`, 400, 'BAD_REQUEST', 'match', 'more than 16'],
    ['?match=*', 400, 'ANSWER_TOO_LARGE', 'match', 'more than 4 sensors match'],
    ['?match[]=a', 400, 'BAD_REQUEST', 'match', 'required'],
    ['?match=a&mtach=b', 400, 'BAD_REQUEST', 'mtach', 'no parameter'],
  ])('answers /metrics/sensors%.40s with %i %s, naming %s: %s', async (query, status, code, field, words) => {
    const answer = await fetch(`${system.portalUrl}/metrics/sensors${query}`);
    const { error } = validate<{ error: { code: string; message: string; field?: string } }>(
      'httpError',
      await answer.json(),
    );
    expect([answer.status, error.code, error.field]).toEqual([status, code, field]);
    expect(error.message).toContain(words);
  });
});

describe('a scrape', () => {
  test('that nobody repeats is forgotten, and one without NATS fails rather than show what was', async () => {
    const portal = await TestPortal.start({ limits: { scrapeIdleMs: 1_000 } });
    try {
      await portal.store('wind', 7);
      const scrape = () => fetch(`${portal.httpUrl}/metrics/sensors?match=wx.*`);
      const answer = await (await scrape()).text();
      expect(parseExposition(answer).get('katbus_sensor_value')?.samples[0]?.value).toBe(7);
      expect(await portal.metric('upstream_subscriptions')).toBe(2);
      await waitFor(async () => (await portal.metric('scrape_watches')) === 0, { what: 'the watch to end' });
      expect(await portal.metric('upstream_subscriptions')).toBe(0);
      await scrape();
      await portal.nats.stop();
      await waitFor(async () => (await scrape()).status === 503, { what: 'the loss of NATS to be seen' });
    } finally {
      await portal.stop();
    }
  }, 30_000);
});
