import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Broker } from '@katbus/bus';
import { BusService } from '@katbus/bus/nats';
import type { ComponentsPage, ListResult } from '@katbus/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { RawWebsocket } from './support/raw-websocket.ts';
import { TestPortal } from './support/test-portal.ts';

describe('list', () => {
  let portal: TestPortal;
  let brokers: Broker[];
  beforeAll(async () => {
    portal = await TestPortal.start({ limits: { listStallMs: 1_500, listBytes: 20_000 } });
    brokers = await Promise.all(
      ['wx', 'dome'].map((component) => Broker.connect({ component, servers: portal.nats.url })),
    );
    for (const broker of brokers) {
      broker.addSensor({ name: 'wind.speed', type: 'float', units: 'm/s', description: 'wind' });
      broker.addSensor({ name: 'rain', type: 'float', units: 'mm', description: 'rain' });
      broker.update('rain', 3);
    }
  });
  afterAll(async () => {
    for (const broker of brokers) await broker.close();
    await portal.stop();
  });

  test('has the sensors of all components, in order, and ends when all have answered', async () => {
    const client = await portal.client();
    const startMs = performance.now();
    const { sensors, absent } = await client.request('list', {});
    expect(performance.now() - startMs).toBeLessThan(1_400);
    expect(sensors.map(({ component, sensor }) => `${component}.${sensor}`)).toEqual([
      'dome.rain',
      'dome.wind_speed',
      'wx.rain',
      'wx.wind_speed',
    ]);
    expect(sensors[1]?.attributes).toMatchObject({
      name: 'dome_wind_speed',
      katcp_name: 'dome.wind.speed',
      units: 'm/s',
    });
    expect(sensors[0]).not.toHaveProperty('sample');
    expect(absent).toEqual([]);
    await client.close();
  });

  test('has samples when they are asked for, where there are any', async () => {
    const client = await portal.client();
    const { sensors } = await client.request('list', { component: 'wx', readings: true });
    expect(sensors.map(({ sensor, sample }) => [sensor, sample?.value])).toEqual([
      ['rain', 3],
      ['wind_speed', undefined],
    ]);
    await client.close();
  });

  test('filters by either name', async () => {
    const client = await portal.client();
    const byKatcp = await client.request('list', { filter: '^wx\\.wind' });
    expect(byKatcp.sensors.map(({ sensor }) => sensor)).toEqual(['wind_speed']);
    const byName = await client.request('list', { filter: 'dome_rain' });
    expect(byName.sensors.map(({ component }) => component)).toEqual(['dome']);
    await client.close();
  });

  test('filters by what RE2 cannot express, which no component ever sees', async () => {
    const asked: string[] = [];
    const undo = portal.bus.subscribe('rpc.sensors.all', ({ data }) =>
      asked.push(Buffer.from(data).toString()),
    );
    await portal.bus.flush();
    const client = await portal.client();
    const { sensors, absent } = await client.request('list', {
      filter: '^(?!dome_).*_(wind|rain)',
      readings: true,
    });
    expect(sensors.map(({ component, sensor }) => `${component}.${sensor}`)).toEqual([
      'wx.rain',
      'wx.wind_speed',
    ]);
    expect(sensors[0]?.sample?.value).toBe(3);
    expect(absent).toEqual([]);
    expect((await client.request('list', { filter: '^(?!.*_).*wind' })).sensors).toHaveLength(2);
    expect((await client.request('list', { filter: '(?!x)^$' })).sensors).toEqual([]);
    expect(asked).toEqual(['{}', '{}', '{}']);
    await client.close();
    undo();
  });

  test('gives up a filter that does not end, naming it, and answers others meanwhile', async () => {
    const name = `${'a'.repeat(100)}_`;
    const long = await Broker.connect({ component: 'long', servers: portal.nats.url });
    long.addSensor({ name, type: 'float', units: '', description: 'long' });
    const client = await portal.client();
    const hanging = client.request('list', { filter: '^long_(a+)+$(?!x)' });
    const refused = expect(hanging).rejects.toMatchObject({ code: -32602, field: 'filter' });
    expect((await client.request('list', { filter: 'rain' })).sensors).toHaveLength(2);
    await refused;
    await expect(hanging).rejects.toThrow('takes longer than 100 ms');
    expect(await portal.metric('filters_given_up')).toBe(1);
    await client.close();
    await long.close();
  });

  test('names who is known and does not answer: a service, the catalogue, or the one that was asked', async () => {
    const page: ComponentsPage = { components: ['gone'] };
    const service = await BusService.start(portal.bus, {
      name: 'mute',
      version: '0.0.0',
      metadata: { katbus: 'component' },
      endpoints: [{ name: 'components', subject: 'rpc.store.components', handler: () => page }],
    });
    try {
      const client = await portal.client();
      const { sensors, absent } = await client.request('list', {});
      expect(sensors).toHaveLength(4);
      expect(absent).toEqual(['gone', 'mute']);
      expect(await client.request('list', { component: 'nobody' })).toEqual({
        sensors: [],
        absent: ['nobody'],
      });
      await client.close();
    } finally {
      await service.stop();
    }
  });

  test('leaves out what is no chunk, and refuses what is too large', async () => {
    const chunk = (count: number) => ({
      component: 'loud',
      sensors: Array.from({ length: count }, (_, i) => ({
        sensor: `s${i}`,
        attributes: { name: `loud_s${i}` },
      })),
      last: true,
    });
    let answer: unknown = chunk(1);
    const undo = portal.bus.subscribe('rpc.sensors.loud', (message) => {
      message.respond('nonsense');
      message.respond(JSON.stringify(answer));
    });
    await portal.bus.flush();
    try {
      const client = await portal.client();
      const { sensors, absent } = await client.request('list', { component: 'loud' });
      expect(sensors).toHaveLength(1);
      expect(absent).toEqual([]);
      expect(await portal.metric('malformed_total{kind="listing"}')).toBe(1);
      answer = chunk(1_000);
      await expect(client.request('list', { component: 'loud' })).rejects.toMatchObject({ code: -32007 });
      await client.close();
    } finally {
      undo();
    }
  });

  test('names the filter when no component can use it', async () => {
    const undo = portal.bus.subscribe('rpc.sensors.old', (message) =>
      message.respond(
        JSON.stringify({
          error: { code: 'MALFORMED_REQUEST', message: 'filter: too slow', field: 'filter' },
        }),
      ),
    );
    await portal.bus.flush();
    const client = await portal.client();
    await expect(client.request('list', { component: 'old', filter: 'a.b' })).rejects.toMatchObject({
      code: -32602,
      field: 'filter',
    });
    await client.close();
    undo();
  });
});

describe('listings at once', () => {
  const SENSORS = 3_000;
  let portal: TestPortal;
  let asked = 0;
  let undo: () => void;
  beforeAll(async () => {
    portal = await TestPortal.start({
      limits: { listStallMs: 10_000, listingsBytes: 10_000_000, outboxBytes: 64 * 1024, stuckMs: 60_000 },
    });
    // A component that answers in one chunk after the other, in no order.
    undo = portal.bus.subscribe('rpc.sensors.many', (message) => {
      asked += 1;
      for (let chunk = 0; chunk < 10; chunk += 1) {
        const sensors = Array.from({ length: SENSORS / 10 }, (_, i) => {
          const sensor = `s${i * 10 + chunk}`;
          return { sensor, attributes: { name: `many_${sensor}`, description: 'd'.repeat(500) } };
        });
        message.respond(JSON.stringify({ component: 'many', sensors, last: chunk === 9 }));
      }
    });
    await portal.bus.flush();
  });
  afterAll(async () => {
    undo();
    await portal.stop();
  });
  const params = { component: 'many' };
  const names = Array.from({ length: SENSORS }, (_, i) => `s${i}`).toSorted();
  const nothingHeld = () =>
    waitFor(async () => (await portal.metric('listings_bytes')) === 0, { what: 'nothing to be held' });

  test('of twenty sessions cost two, and each has all of it', async () => {
    asked = 0;
    const clients = await Promise.all(Array.from({ length: 20 }, () => portal.client()));
    const results = await Promise.all(clients.map((client) => client.request('list', params)));
    for (const { sensors, absent } of results) {
      expect(sensors.map(({ sensor }) => sensor)).toEqual(names);
      expect(absent).toEqual([]);
    }
    expect(asked).toBeLessThanOrEqual(3);
    await nothingHeld();
    for (const client of clients) await client.close();
  });

  test('wait for a client that does not read, and are forgotten when it leaves', async () => {
    asked = 0;
    const stuck = await RawWebsocket.connect(portal.portal.port);
    stuck.socket.pause();
    for (let id = 1; id <= 8; id += 1) stuck.request('list', params, id);
    const held = () => portal.metric('listings_bytes');
    // Kernel buffers take some of the first ones, and what is held comes and goes meanwhile.
    const isHeld = async () => {
      const before = await held();
      await delay(200);
      return before > 1_000_000 && (await held()) === before;
    };
    await waitFor(isHeld, { what: 'one to wait' });
    const client = await portal.client();
    // The neighbour has what it asks for meanwhile.
    expect((await client.request('list', params)).sensors).toHaveLength(SENSORS);
    expect(asked).toBeLessThan(8);
    expect(await held()).toBeGreaterThan(1_000_000);
    expect(await held()).toBeLessThan(6_000_000);
    stuck.destroy();
    await nothingHeld();
    await client.close();
  });

  test('are refused past what they may take all together, and later are not', async () => {
    const stuck: RawWebsocket[] = [];
    const client = await portal.client();
    const ask = () => client.request('list', { ...params, filter: 's' });
    // Each of them holds a listing of its own, which it does not read to its end.
    for (let count = 0; count < 3; count += 1) {
      const one = await RawWebsocket.connect(portal.portal.port);
      one.socket.pause();
      for (let id = 1; id <= 8; id += 1) one.request('list', { ...params, filter: `s|${count}|x${id}` }, id);
      stuck.push(one);
    }
    await waitFor(
      async () =>
        ask().then(
          () => false,
          (error: { code: number }) => error.code === -32006,
        ),
      { what: 'one to be refused' },
    );
    for (const one of stuck) one.destroy();
    await nothingHeld();
    expect((await ask()).sensors).toHaveLength(SENSORS);
    await client.close();
  });

  test('of a batch come in one answer, beside what is short', async () => {
    const client = await portal.client();
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'list', params },
      { jsonrpc: '2.0', id: 2, method: 'unsubscribe', params: { id: 99 } },
      { jsonrpc: '2.0', id: 3, method: 'list', params },
    ];
    const answers = (await client.ask(JSON.stringify(batch))) as {
      id: number;
      result?: { sensors: object[] };
      error?: object;
    }[];
    expect(answers.map(({ id, result }) => [id, result?.sensors.length])).toEqual([
      [1, SENSORS],
      [2, undefined],
      [3, SENSORS],
    ]);
    await nothingHeld();
    await client.close();
  });

  test('over HTTP are the same, and forgotten when the client goes', async () => {
    const url = `${portal.httpUrl}/api/list?component=many`;
    const { sensors } = (await (await fetch(url)).json()) as ListResult;
    expect(sensors.map(({ sensor }) => sensor)).toEqual(names);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
    await nothingHeld();
    const socket = connect(portal.portal.port, '127.0.0.1');
    socket.write('GET /api/list?component=many HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    socket.destroy();
    await nothingHeld();
  });
});
