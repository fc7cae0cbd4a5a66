import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ArchivedSample, BinsPage, NumberBins } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { LiveSystem } from '../../../../test/support/live-system.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';

describe('bins over HTTP', () => {
  let system: LiveSystem;
  let range: string;
  beforeAll(async () => {
    system = await LiveSystem.start({ backend: 'memory' });
    const wx = await system.join('wx');
    const sampling = { archiveIntervalSeconds: 0 };
    const wind = wx.addSensor({ name: 'wind-speed', type: 'float', sampling });
    const mode = wx.addSensor({ name: 'mode', type: 'discrete', params: ['a', 'b,"c"'], sampling });
    const start = Math.floor(Date.now() / 1000) - 60;
    range = `start=${start}&end=${start + 120}`;
    for (let value = 0; value < 100; value += 1) wind.update(value);
    wind.update(NaN);
    for (const value of ['a', 'b,"c"']) mode.update(value);
    await waitFor(
      async () => {
        const { series } = (await (
          await get(`sensor=wx.wind_speed&sensor=wx.mode&${range}&bins=1`)
        ).json()) as BinsPage;
        return series[0]?.count?.[0] === 100 && series[1]?.count?.[0] === 2;
      },
      { what: 'the samples to be archived' },
    );
  }, 30_000);
  afterAll(() => system.stop());
  const get = (query: string) => fetch(`${system.portalUrl}/api/bins?${query}`);

  test('are one answer of the method of that name', async () => {
    const answer = await get(
      `sensor=wx.wind-speed&sensor=wx.mode&${range}&bins=1&columns=count,nan,min,max,mean`,
    );
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const page = validate<BinsPage>('binsPage', await answer.json());
    expect(page).toMatchObject({ bins: 1, width: 120 });
    expect(page.series[0]).toEqual({
      component: 'wx',
      sensor: 'wind_speed',
      kind: 'number',
      bin: [0],
      count: [100],
      nan: [1],
      min: [0],
      max: [99],
      mean: [49.5],
    });
    expect(page.series[1]).toMatchObject({ kind: 'state', count: [2] });
  });

  test('are a thousand, or as wide as is asked, at whole multiples of that', async () => {
    const thousand = (await (await get(`sensor=wx.wind_speed&${range}`)).json()) as BinsPage;
    expect(thousand.bins).toBe(1_000);
    const wide = (await (await get(`sensor=wx.wind_speed&${range}&every=1m`)).json()) as BinsPage;
    expect([wide.width, wide.start % 60]).toEqual([60, 0]);
    expect((wide.series[0] as NumberBins).count!.reduce((a, b) => a + b)).toBe(100);
  });

  test('are CSV, a line a bin', async () => {
    const answer = await get(`sensor=wx.wind_speed&sensor=wx.mode&${range}&bins=1&columns=mean&format=csv`);
    expect(answer.headers.get('content-type')).toContain('text/csv');
    const [header, wind, mode, ...rest] = (await answer.text()).split('\r\n');
    expect(header).toBe('sensor,bin,start,iso,mean,count,status,last,held');
    expect(wind).toMatch(/^wx\.wind_speed,0,\d+,20\d\d-[\dT:-]+\.000000Z,49\.5,,,,$/);
    expect(mode).toMatch(
      /^wx\.mode,0,\d+,[^,]+,,2,nominal,"b,""c""","\[\[""a"",[\d.e-]+\],\[""b,\\""c\\"""",[\d.]+\]\]"$/,
    );
    expect(rest).toEqual(['']);
  });

  test('and operators make samples of a history', async () => {
    const history = (query: string) =>
      fetch(`${system.portalUrl}/api/history?sensor=wx.wind_speed&${range}&${query}`);
    const counted = (await (await history('operator=ncount')).json()) as ArchivedSample[];
    expect(counted.map(({ value }) => value)).toEqual([101]);
    const highest = await (await history('operator=maxSample&every=1h&format=csv')).text();
    expect(highest).toMatch(/nominal,99\r\n/);
  });

  test.each([
    ['bins', '', 'sensor'],
    ['bins', 'sensor=wx.wind_speed&bins=0', 'bins'],
    ['bins', 'sensor=wx.wind_speed&bins=5&every=60s', 'bins'],
    ['bins', 'sensor=wx.wind_speed&every=often', 'every'],
    ['bins', 'sensor=wx.wind_speed&columns=mean,average', 'columns'],
    ['bins', 'sensor=wx.wind_speed&start=yesterday', 'start'],
    ['bins', 'sensor=wx.wind_speed&start=now', 'end'],
    ['bins', 'sensor=wx', 'sensors'],
    ['history', 'sensor=wx.wind_speed&operator=average', 'operator'],
    ['history', 'sensor=wx.wind_speed&every=60s', 'every'],
    ['history', 'sensor=wx.wind_speed&operator=mean_60&every=30s', 'every'],
    ['history', 'sensor=wx.wind_speed&operator=mean&every=0', 'every'],
  ])('/api/%s?%s is refused, naming %s', async (route, query, field) => {
    const answer = await fetch(`${system.portalUrl}/api/${route}?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { code: 'BAD_REQUEST', field } });
  });

  test('of a sensor that the archive does not know are 404', async () => {
    const answer = await get('sensor=wx.wind_speed&sensor=wx.snow');
    expect([answer.status, await answer.json()]).toMatchObject([404, { error: { field: 'sensors' } }]);
  });
});
