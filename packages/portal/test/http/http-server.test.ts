import { connect } from 'node:net';
import { once } from 'node:events';
import { Registry } from 'prom-client';
import { createLogger, PortInUseError } from '@katbus/bus/daemon';
import { BusService } from '@katbus/bus/nats';
import { Portal } from '@katbus/portal';
import type { ArchivedSample, Gap, HistoryRequest } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { TestPortal } from '../support/test-portal.ts';

interface HttpError {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}

describe('the HTTP interface', () => {
  let portal: TestPortal;
  beforeAll(async () => {
    portal = await TestPortal.start({
      limits: { listStallMs: 50 },
      assets: new Map([
        ['/', { contentType: 'text/html; charset=utf-8', body: '<!doctype html><title>page</title>' }],
        ['/app.js', { contentType: 'text/javascript', body: Buffer.from('1;') }],
      ]),
    });
  });
  afterAll(() => portal.stop());
  const get = (path: string, init?: RequestInit) => fetch(portal.httpUrl + path, init);

  test('says that it lives, that it is ready, and what it counts', async () => {
    expect(await (await get('/healthz')).text()).toBe('ok\n');
    expect(await (await get('/readyz')).text()).toBe('ready\n');
    const metrics = await get('/metrics');
    expect(metrics.headers.get('content-type')).toContain('text/plain');
    expect(await metrics.text()).toContain(
      'katbus_portal_http_requests_total{route="/readyz",status="200"} 1',
    );
  });

  test('serves the page as it was given, under a policy that lets nothing else in', async () => {
    const page = await get('/');
    expect(await page.text()).toBe('<!doctype html><title>page</title>');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const script = await get('/app.js');
    expect(script.headers.get('content-type')).toBe('text/javascript');
    const again = await get('/app.js', { headers: { 'if-none-match': script.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
    expect((await get('/app.js', { method: 'HEAD' })).status).toBe(200);
  });

  test('lists sensors', async () => {
    const answer = await get('/api/list?component=wx&readings=true');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.json()).toEqual({ sensors: [], absent: ['wx'] });
  });

  test.each<[string, number, string, string | undefined]>([
    ['/nothing', 404, 'NOT_FOUND', undefined],
    ['/api/', 404, 'NOT_FOUND', undefined],
    ['/../../etc/passwd', 404, 'NOT_FOUND', undefined],
    ['/ws', 426, 'UPGRADE_REQUIRED', undefined],
    ['/api/list?filtr=a', 400, 'BAD_REQUEST', 'filtr'],
    ['/api/list?filter=(', 400, 'BAD_REQUEST', 'filter'],
    ['/api/list?component=a.b', 400, 'BAD_REQUEST', 'component'],
    ['/api/list?component=all', 400, 'BAD_REQUEST', 'component'],
    ['/api/list?readings=perhaps', 400, 'BAD_REQUEST', 'readings'],
    ['/api/list?component=a&component=b', 400, 'BAD_REQUEST', 'component'],
    ['/api/sensors?limit=0', 400, 'BAD_REQUEST', 'limit'],
    ['/api/sensors?limit=many', 400, 'BAD_REQUEST', 'limit'],
    ['/api/sensors', 503, 'UNAVAILABLE', undefined],
    ['/api/history', 400, 'BAD_REQUEST', 'sensor'],
    ['/api/history?sensor=wx', 400, 'BAD_REQUEST', 'sensor'],
    ['/api/history?sensor=wx.a&start=yesterday', 400, 'BAD_REQUEST', 'start'],
    ['/api/history?sensor=wx.a&end=-1x', 400, 'BAD_REQUEST', 'end'],
    ['/api/history?sensor=wx.a&start=now', 400, 'BAD_REQUEST', 'end'],
    ['/api/history?sensor=wx.a&format=xml', 400, 'BAD_REQUEST', 'format'],
    ['/api/history?sensor=wx.a', 503, 'UNAVAILABLE', undefined],
    ['/%', 400, 'BAD_REQUEST', undefined],
  ])('answers %s with %i %s, naming %s', async (path, status, code, field) => {
    const answer = await get(path);
    expect(answer.status).toBe(status);
    const body = validate<HttpError>('httpError', await answer.json());
    expect(body.error.code).toBe(code);
    expect(body.error.field).toBe(field);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('refuses %s', async (method) => {
    const answer = await get('/api/list', { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD');
    expect(validate<HttpError>('httpError', await answer.json()).error.code).toBe('METHOD_NOT_ALLOWED');
  });

  test.each(['/api/list', '/metrics', '/api/openapi.json', '/metrics/sensors?match=wx.*'])(
    'answers HEAD %s as GET, without a body',
    async (path) => {
      const [head, whole] = [await get(path, { method: 'HEAD' }), await get(path)];
      expect(head.status).toBe(200);
      expect(head.headers.get('content-type')).toBe(whole.headers.get('content-type'));
      expect(await head.text()).toBe('');
    },
  );

  test('takes a filter of hundreds of names, and says that what is larger still is too large', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `m0${i % 64}\\.rsc\\.rx-${i}`);
    const filter = encodeURIComponent(`^(?:${names.join('|')})$`);
    expect(filter.length).toBeGreaterThan(20_000);
    expect((await get(`/api/list?component=wx&filter=${filter}`)).status).toBe(200);
    const answer = await get(`/api/list?filter=${'x'.repeat(140_000)}`);
    expect(answer.status).toBe(431);
    expect(validate<HttpError>('httpError', await answer.json()).error.message).toBe(
      'the header is too large',
    );
  });

  test.each([
    ['(?!x)(', 'nor one of JavaScript'],
    ['(a{1000}){1000}(?P<b>c)', 'instructions'],
    [`${'a.'.repeat(3_000)}\\z`, '4096 characters'],
    ['\\p{Greek}', 'escape'],
  ])('says why the filter %.30s is none: %s', async (filter, reason) => {
    const answer = await get(`/api/list?filter=${encodeURIComponent(filter)}`);
    const { error } = validate<HttpError>('httpError', await answer.json());
    expect([answer.status, error.code, error.field]).toEqual([400, 'BAD_REQUEST', 'filter']);
    expect(error.message).toContain(reason);
  });

  test('survives what is no HTTP', async () => {
    const socket = connect(portal.portal.port, '127.0.0.1');
    await once(socket, 'connect');
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.end('\u0000nonsense\r\n\r\n');
    await once(socket, 'close');
    expect(answer).toMatch(/^HTTP\/1.1 400 .*"code":"BAD_REQUEST"/s);
    expect((await get('/healthz')).status).toBe(200);
  });

  test('refuses a port that is in use, naming it', async () => {
    const logger = createLogger({ name: 'portal', level: 'error', format: 'text' });
    const { port } = portal.portal;
    const started = Portal.start({ nats: portal.nats.url, logger, registry: new Registry(), port });
    await expect(started).rejects.toThrow(PortInUseError);
    await expect(started).rejects.toThrow(`portal port ${port} on 127.0.0.1 is in use`);
  });
});

describe('history over HTTP', () => {
  const samples: ArchivedSample[] = Array.from({ length: 25_000 }, (_, i) => ({
    time: 1_795_305_600 + i / 8,
    value_ts: 1_795_305_600 + i / 8 - 0.5,
    status: i % 100 === 0 ? 'unreachable' : 'nominal',
    value: i % 100 === 0 ? null : i,
  }));
  const asked: HistoryRequest[] = [];
  let failAfter = Infinity;
  let gaps: readonly Gap[] = [];
  let portal: TestPortal;
  let service: BusService;

  beforeAll(async () => {
    portal = await TestPortal.start();
    service = await BusService.start(portal.bus, {
      name: 'store',
      version: '0.0.0',
      endpoints: [
        {
          name: 'history',
          subject: 'rpc.store.history',
          handler: ({ data }) => {
            const request = JSON.parse(Buffer.from(data).toString()) as HistoryRequest;
            asked.push(request);
            if (asked.length > failAfter) throw Object.assign(new Error('no room'), { code: 'DISK_FULL' });
            const { component, sensor, start, end } = request;
            const from = Number(request.after ?? 0);
            const all = sensor === 'empty' ? [] : samples.filter(({ time }) => time >= start && time < end);
            const page = { component, sensor, samples: all.slice(from, from + 2_000), through: 9 };
            return from + 2_000 < all.length ? { ...page, next: String(from + 2_000) } : page;
          },
        },
        { name: 'gaps', subject: 'rpc.store.gaps', handler: () => ({ gaps }) },
      ],
    });
  });
  afterAll(async () => {
    await service.stop();
    await portal.stop();
  });
  const history = (query: string) => fetch(`${portal.httpUrl}/api/history?${query}`);
  const RANGE = 'start=1795305600&end=1795400000';

  test('is one JSON array of the whole range', async () => {
    asked.length = 0;
    const answer = await history(`sensor=wx.wind-speed&${RANGE}&boundary=true`);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(validate('archivedSamples', await answer.json())).toEqual(samples);
    expect(asked[0]).toEqual({
      component: 'wx',
      sensor: 'wind_speed',
      start: 1_795_305_600,
      end: 1_795_400_000,
      boundary: true,
    });
    expect(asked).toHaveLength(13);
  });

  test('is CSV with a header and times for people', async () => {
    const answer = await history(
      `sensor=wx.a&start=2026-11-22T00:00:00Z&end=2026-11-22T00:00:00.3Z&format=csv`,
    );
    expect(answer.headers.get('content-type')).toContain('text/csv');
    expect(await answer.text()).toBe(
      [
        'time,iso,value_ts,status,value',
        '1795305600,2026-11-22T00:00:00.000000Z,1795305599.5,unreachable,',
        '1795305600.125,2026-11-22T00:00:00.125000Z,1795305599.625,nominal,1',
        '1795305600.25,2026-11-22T00:00:00.250000Z,1795305599.75,nominal,2',
        '',
      ].join('\r\n'),
    );
  });

  test('says how many gaps touch its range, which have a path of their own', async () => {
    const gap = {
      fromSequence: 5,
      toSequence: 9,
      messages: 5,
      from: 1_795_305_700,
      to: 1_795_305_710,
      reason: 'x',
    };
    expect((await history(`sensor=wx.empty&${RANGE}`)).headers.get('katbus-gaps')).toBe('0');
    gaps = [gap];
    for (const format of ['json', 'csv'])
      expect((await history(`sensor=wx.empty&${RANGE}&format=${format}`)).headers.get('katbus-gaps')).toBe(
        '1',
      );
    expect(await (await fetch(`${portal.httpUrl}/api/gaps?${RANGE}`)).json()).toEqual({ gaps });
    const client = await portal.client();
    const range = { start: 1_795_305_600, end: 1_795_400_000 };
    const first = await client.request('history', { sensor: 'wx.a', ...range });
    expect(first.gaps).toEqual(gaps);
    const second = await client.request('history', { sensor: 'wx.a', ...range, after: first.next! });
    expect(second).not.toHaveProperty('gaps');
    gaps = [];
    expect(await client.request('history', { sensor: 'wx.a', ...range })).not.toHaveProperty('gaps');
    await client.close();
  });

  test('of nothing is an empty array, or the header alone', async () => {
    expect(await (await history(`sensor=wx.empty&${RANGE}`)).json()).toEqual([]);
    expect(await (await history(`sensor=wx.empty&${RANGE}&format=csv`)).text()).toBe(
      'time,iso,value_ts,status,value\r\n',
    );
  });

  test('is of the last hour when nothing else is said', async () => {
    asked.length = 0;
    await (await history('sensor=wx.empty')).json();
    const [{ start, end } = { start: 0, end: 0 }] = asked;
    expect(end - start).toBeCloseTo(3_600);
    expect(Math.abs(end - Date.now() / 1000)).toBeLessThan(60);
  });

  test('is cut off when the archive fails in the middle, so that half never looks like the whole', async () => {
    asked.length = 0;
    failAfter = 3;
    const answer = await history(`sensor=wx.a&${RANGE}`);
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    failAfter = 0;
    asked.length = 0;
    const refused = await history(`sensor=wx.a&${RANGE}`);
    expect(refused.status).toBe(503);
    failAfter = Infinity;
  });

  test('asks the archive for no more than the client reads', async () => {
    // Arrays make it large: 13 pages of 2,000 samples are then about 40 MB.
    for (const sample of samples) Object.assign(sample, { value: Array(200).fill(0.123456) });
    asked.length = 0;
    const socket = connect(portal.portal.port, '127.0.0.1');
    socket.pause();
    socket.write(`GET /api/history?sensor=wx.a&${RANGE} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await waitFor(() => asked.length > 0, { what: 'the first page to be asked for' });
    let before = -1;
    await waitFor(
      () => {
        const isSame = asked.length === before;
        before = asked.length;
        return isSame;
      },
      { what: 'no more to be asked for', intervalMs: 300 },
    );
    expect(asked.length).toBeLessThan(13);
    socket.destroy();
    await waitFor(
      async () => (await portal.metric('http_requests_total{route="/api/history",status="200"}')) > 0,
      {
        what: 'the end of the request',
      },
    );
    const { length } = asked;
    await portal.bus.flush();
    expect(asked.length).toBe(length);
  });
});
