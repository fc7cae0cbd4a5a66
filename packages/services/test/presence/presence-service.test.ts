import { Broker, type BrokerOptions } from '@katbus/bus';
import { createLogger } from '@katbus/bus/daemon';
import { BusConnection, BusService, callService, lastValues, setupStreams, STREAMS } from '@katbus/bus/nats';
import {
  heartbeatSubject,
  PRESENCE_SUBJECTS,
  presenceSubject,
  SUBJECTS,
  type ComponentPresence,
  type PresenceList,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RunningComponent } from '../../../bus/test/running-component.ts';
import { startTestServer, type TestServer } from '../../../bus/test/nats/test-server.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { PresenceMetrics } from '../../src/presence/presence-metrics.ts';
import { PresenceService, type PresenceOptions } from '../../src/presence/presence-service.ts';
import type { RunningService } from '../../src/service.ts';

let server: TestServer;
let watcher: BusConnection;
let told: ComponentPresence[];
let cleanUp: (() => Promise<void>)[];

beforeEach(async () => {
  server = await startTestServer();
  watcher = await connect('watcher');
  await setupStreams(watcher);
  told = [];
  cleanUp = [];
  watcher.subscribe(SUBJECTS.componentPresence, ({ data }) => {
    told.push(validate('componentPresence', JSON.parse(Buffer.from(data).toString())));
  });
  await watcher.flush();
});

afterEach(async () => {
  for (const undo of cleanUp.reverse()) await undo();
  await watcher.close();
  await server[Symbol.asyncDispose]();
});

function connect(name: string): Promise<BusConnection> {
  return BusConnection.connect({
    servers: server.url,
    name,
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
    pingIntervalMs: 500,
  });
}

/** A presence service with a connection of its own. */
async function startPresence(options: Partial<PresenceOptions> = {}) {
  const connection = await connect('services');
  const registry = new Registry();
  const service = new PresenceService({
    metrics: new PresenceMetrics(registry),
    leaseSeconds: 1,
    discoverSeconds: 0.5,
    graceSeconds: 1,
    ...options,
  });
  const logger = createLogger({ name: 'services', level: 'error', format: 'json' });
  const running: RunningService = await service.start({ connection, logger });
  // What others publish from now on it hears.
  await connection.flush();
  let isStopped = false;
  const stop = async () => {
    if (isStopped) return;
    isStopped = true;
    await running.stop();
    await connection.close();
  };
  cleanUp.push(stop);
  const metric = async (name: string, state?: string) => {
    const found = (await registry.getSingleMetric(name)?.get())?.values ?? [];
    return found.find(({ labels }) => state === undefined || labels.state === state)?.value;
  };
  return { connection, stop, metric };
}

async function join(component: string, options: Partial<BrokerOptions> = {}): Promise<Broker> {
  const broker = await Broker.connect({
    component,
    servers: server.url,
    heartbeatSeconds: 0.2,
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
    ...options,
  });
  cleanUp.push(() => broker.close());
  return broker;
}

const isTold = (component: string, state: string) =>
  waitFor(() => told.findLast((one) => one.component === component && one.state === state) ?? false, {
    what: `${component} to be told ${state}; told was ${JSON.stringify(told)}`,
    timeoutMs: 15_000,
  });

const list = async () => (await callService(watcher, PRESENCE_SUBJECTS.list)) as PresenceList;

describe('the presence service', () => {
  it('tells who is there, who has left and who is gone, and the stream keeps the last of each', async () => {
    await startPresence();
    const broker = await join('leaver', { version: '1.2.3' });
    broker.addSensor({ name: 'a', type: 'integer' });
    await using dying = new RunningComponent(server.url, 'dying');
    const { instance } = await dying.says('joined');
    expect(await isTold('leaver', 'present')).toMatchObject({
      intervalSeconds: 0.2,
      instances: [{ instance: broker.instance, pid: process.pid, version: '1.2.3' }],
    });
    await isTold('dying', 'present');
    await waitFor(() => told.findLast(({ component }) => component === 'leaver')?.sensors === 1, {
      what: 'the number of its sensors',
    });
    const goneSeconds = Date.now() / 1000;
    await dying.kill('SIGKILL');
    await broker.close();
    expect((await isTold('leaver', 'left')).since).toBeCloseTo(goneSeconds, 0);
    const absent = await isTold('dying', 'absent');
    expect(absent).toMatchObject({ instances: [{ instance, pid: dying.child.pid }] });
    expect(absent.since).toBeLessThan(goneSeconds + 0.3);
    expect(Date.now() / 1000 - goneSeconds).toBeLessThan(5);
    const kept = await lastValues(watcher, STREAMS.state, [SUBJECTS.componentPresence]);
    const states = kept.map(({ data }) => JSON.parse(Buffer.from(data).toString()) as ComponentPresence);
    expect(states.map(({ component, state }) => `${component} ${state}`).sort()).toEqual([
      'dying absent',
      'leaver left',
    ]);
    await join('dying');
    await isTold('dying', 'present');
  });

  it('goes on within seconds when the elected one dies, and tells nothing that has not changed', async () => {
    const first = await startPresence();
    const broker = await join('wx');
    await join('dome');
    await isTold('wx', 'present');
    await isTold('dome', 'present');
    await startPresence();
    await startPresence();
    // As a process that is killed: its connection is gone, and nothing is given back.
    await first.connection.close();
    const before = told.length;
    const startMs = performance.now();
    await broker.close();
    await isTold('wx', 'left');
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect((await list()).components.map(({ component, state }) => [component, state])).toEqual([
      ['dome', 'present'],
      ['wx', 'left'],
    ]);
    expect(told.slice(before).filter(({ component }) => component === 'dome')).toEqual([]);
  });

  it('knows after its own restart who had been there, and finds who is gone meanwhile', async () => {
    const first = await startPresence();
    await join('stays');
    const goes = await join('goes');
    await isTold('stays', 'present');
    const { since } = await isTold('goes', 'present');
    await first.stop();
    await goes.close();
    const before = told.length;
    await startPresence();
    await isTold('goes', 'absent');
    expect(
      (await list()).components.find(({ component }) => component === 'stays')?.since,
    ).toBeLessThanOrEqual(since);
    expect(told.slice(before).map(({ component, state }) => [component, state])).toEqual([
      ['goes', 'absent'],
    ]);
  });

  it('gives nobody up when NATS was away, neither meanwhile nor when it is back', async () => {
    await startPresence();
    for (const name of ['a', 'b', 'c']) await join(name);
    for (const name of ['a', 'b', 'c']) await isTold(name, 'present');
    const before = told.length;
    await server.stop('SIGKILL');
    await waitFor(() => !watcher.connected, { what: 'the loss of the server' });
    await new Promise((resolve) => setTimeout(resolve, 1_500)); // longer than three heartbeats
    await server.start();
    await watcher.whenConnected();
    await join('later');
    await isTold('later', 'present');
    expect(told.slice(before).filter(({ state }) => state !== 'present')).toEqual([]);
  });

  it('gives nobody up when its own process stood still', async () => {
    await startPresence();
    await join('wx', { heartbeatSeconds: 0.2 });
    await isTold('wx', 'present');
    const until = performance.now() + 2_500;
    while (performance.now() < until); // the component in this process stands still as well: no heartbeat comes
    await join('later');
    await isTold('later', 'present');
    expect(told.map(({ state }) => state)).not.toContain('absent');
  });

  it('tells and counts two instances under one name, until one of them is gone', async () => {
    const { metric } = await startPresence();
    await using frozen = new RunningComponent(server.url, 'wx');
    const { instance } = await frozen.says('joined');
    await isTold('wx', 'present');
    frozen.child.kill('SIGSTOP');
    const broker = await join('wx', { claimTimeoutMs: 300 });
    frozen.child.kill('SIGCONT');
    const { instances } = await isTold('wx', 'duplicate');
    expect(instances.map((each) => each.instance).sort()).toEqual([instance, broker.instance].sort());
    expect(await metric('katbus_services_duplicates_total')).toBe(1);
    await frozen.kill('SIGTERM');
    await waitFor(() => told.at(-1)?.state === 'present', { what: 'one to be left' });
    expect(told.at(-1)?.instances).toMatchObject([{ instance: broker.instance }]);
  });

  it('knows components that send no heartbeats by their micro service', async () => {
    await startPresence();
    const metadata = { katbus: 'component' };
    const service = await BusService.start(watcher, {
      name: 'plc',
      version: '2.0.0',
      metadata,
      endpoints: [],
    });
    expect(await isTold('plc', 'present')).toMatchObject({ instances: [{ version: '2.0.0' }] });
    await service.stop();
    await isTold('plc', 'absent');
  });

  it('forgets on request who is gone, and only that one', async () => {
    await startPresence();
    const broker = await join('old');
    await isTold('old', 'present');
    const forget = (component: string) => callService(watcher, PRESENCE_SUBJECTS.forget, { component });
    await expect(forget('old')).rejects.toMatchObject({
      serviceCode: 'COMPONENT_PRESENT',
      field: 'component',
    });
    await expect(forget('never')).rejects.toMatchObject({ serviceCode: 'NOT_FOUND' });
    await expect(callService(watcher, PRESENCE_SUBJECTS.forget, {})).rejects.toMatchObject({
      field: 'component',
    });
    await broker.close();
    await isTold('old', 'left');
    expect(await forget('old')).toMatchObject({ component: 'old', state: 'forgotten' });
    const [kept] = await lastValues(watcher, STREAMS.state, [presenceSubject('old')]);
    expect(JSON.parse(Buffer.from(kept!.data).toString())).toMatchObject({ state: 'forgotten' });
    await join('old');
    await waitFor(() => told.at(-1)?.state === 'present', { what: 'it to be known again' });
  });

  it('counts heartbeats that cannot be read, and goes on', async () => {
    const { metric } = await startPresence();
    for (const text of ['', 'no json', '{"component":"other","time":1}', '{"component":"bad"}'])
      watcher.publish(heartbeatSubject('bad'), text);
    await join('good');
    await isTold('good', 'present');
    expect(await metric('katbus_services_presence_malformed_total')).toBe(4);
    expect(await metric('katbus_services_presence_refused_total')).toBe(0);
    expect((await list()).components.map(({ component }) => component)).toEqual(['good']);
  });

  it('waits for streams that are not there yet, and can be stopped while it does', async () => {
    for (const stream of Object.values(STREAMS)) await watcher.request(`$JS.API.STREAM.DELETE.${stream}`);
    const presence = await startPresence();
    await join('wx');
    await waitFor(async () => (await presence.metric('katbus_services_presence_elected')) === 1, {
      what: 'an election',
    });
    await setupStreams(watcher);
    await isTold('wx', 'present');
    for (const stream of Object.values(STREAMS)) await watcher.request(`$JS.API.STREAM.DELETE.${stream}`);
    const second = await startPresence();
    await second.stop();
    await setupStreams(watcher);
  });

  it('tells of 500 components that come and die together', async () => {
    const { metric } = await startPresence();
    const beat = (n: number) =>
      watcher.publish(
        heartbeatSubject(`c${n}`),
        JSON.stringify({
          component: `c${n}`,
          instance: `i${n}`,
          time: 1,
          intervalSeconds: 0.5,
          sensors: 400,
        }),
      );
    const cpuBefore = process.cpuUsage();
    for (let round = 0; round < 4; round += 1) {
      for (let n = 0; n < 500; n += 1) beat(n);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    await waitFor(() => told.filter(({ state }) => state === 'present').length === 500, { what: 'all 500' });
    const { user, system } = process.cpuUsage(cpuBefore);
    await waitFor(() => told.filter(({ state }) => state === 'absent').length === 500, {
      what: 'the death of all 500',
    });
    expect(await metric('katbus_services_components', 'absent')).toBe(500);
    expect(told).toHaveLength(1_000);
    // Four rounds of heartbeats, read and told: far below a second of CPU, this process's own share included.
    expect((user + system) / 1e6).toBeLessThan(3);
  });
});
