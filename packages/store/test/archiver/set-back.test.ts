import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '@katbus/bus/daemon';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import type { BusConnection } from '@katbus/bus/nats';
import { wallClockUs } from '@katbus/protocol';
import { Archiver } from '../../src/archiver/archiver.ts';
import type { ArchiverOptions } from '../../src/archiver/archiver-options.ts';
import type { Backend } from '../../src/backend/backend.ts';
import { MemoryBackend } from '../../src/backend/memory/memory-backend.ts';
import { StoreError } from '../../src/errors.ts';
import { StoreMetrics } from '../../src/store-metrics.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { everything, readAll } from '../backend/rows.ts';
import { metric, publishSample, publishStored, testConnection, testNats, WIND } from '../store-fixture.ts';
import { ForgetfulBackend } from './forgetful-backend.ts';

function startArchiver(connection: BusConnection, backend: Backend, options: ArchiverOptions = {}) {
  const registry = new Registry();
  const archiver = new Archiver(
    {
      connection,
      backend,
      logger: createLogger({ name: 'store', level: 'error', format: 'json' }),
      metrics: new StoreMetrics(registry),
      onCatalogueChanged: () => undefined,
      isActive: () => true,
    },
    { maxDelayMs: 100, backOff: { firstMs: 5, mostMs: 50 }, ...options },
  );
  const ended = archiver.run();
  ended.catch(() => undefined);
  const stop = async () => {
    archiver.stop();
    await ended;
  };
  onTestFinished(async () => {
    archiver.stop();
    await ended.catch(() => undefined);
  });
  return { archiver, registry, stop };
}

const numbers = async (backend: Backend) =>
  (await readAll(backend, { ...WIND, ...everything })).map(({ value }) => value);

const upTo = (last: number) => Array.from({ length: last }, (_, place) => place + 1);

async function publishNumbers(connection: BusConnection, from: number, to: number): Promise<number> {
  let sequence = 0;
  for (let value = from; value <= to; value++) sequence = await publishSample(connection, { value });
  return sequence;
}

const stored = (archiver: Archiver, sequence: number) =>
  waitFor(() => archiver.floor?.sequence === sequence, { what: `message ${sequence} is stored` });

test('what the back end acknowledged and lost is read again from the stream, with what came since; each is there once', async () => {
  const connection = await testConnection(await testNats());
  const forgetful = new ForgetfulBackend();
  const { archiver, registry } = startArchiver(connection, forgetful.backend, { idleWriteMs: 0 });
  await stored(archiver, await publishNumbers(connection, 1, 10));
  forgetful.sync();
  await stored(archiver, await publishNumbers(connection, 11, 20));
  await forgetful.crash();
  expect(await numbers(forgetful.backend)).toEqual(upTo(10));
  expect(await metric(registry, 'set_backs_total')).toBe(0);
  const last = await publishNumbers(connection, 21, 23);
  await waitFor(async () => (await numbers(forgetful.backend)).length === 23, { what: 'all are there' });
  await stored(archiver, last);
  expect(await numbers(forgetful.backend)).toEqual(upTo(23));
  expect(await metric(registry, 'set_backs_total')).toBe(1);
  expect(await metric(registry, 'gaps_total')).toBe(0);
  expect(archiver.status.state).toBe('reading');
});

test('a crash is heard while nothing is published: the lost part is read again all the same', async () => {
  const connection = await testConnection(await testNats());
  const forgetful = new ForgetfulBackend();
  const { archiver } = startArchiver(connection, forgetful.backend);
  const last = await publishNumbers(connection, 1, 5);
  await stored(archiver, last);
  await forgetful.crash();
  await waitFor(async () => (await numbers(forgetful.backend)).length === 5, { what: 'all are there again' });
  // What the silence says counts for nothing but that.
  expect(forgetful.writes).toBeGreaterThan(2);
  expect(forgetful.samplesWritten).toBe(10);
});

test('attributes and quarantine come again, and samples meet the same fate as the first time', async () => {
  const connection = await testConnection(await testNats());
  const forgetful = new ForgetfulBackend();
  const { archiver } = startArchiver(connection, forgetful.backend);
  const attributes = (fields: object) => JSON.stringify({ name: 'wx_wind_speed', ...fields });
  await publishStored(connection, 'attributes.wx', attributes({ type: 'float' }));
  await publishSample(connection, { value: 'fast' });
  await publishSample(connection, { value: 1 });
  await publishStored(connection, 'attributes.wx', attributes({ type: 'string' }));
  const last = await publishSample(connection, { value: 'slow' });
  await stored(archiver, last);
  for (let crash = 0; crash < 2; crash++) {
    await forgetful.crash();
    await waitFor(async () => (await numbers(forgetful.backend)).length === 2, {
      what: 'all are there again',
    });
    expect(await numbers(forgetful.backend)).toEqual([1, 'slow']);
    const { rows } = await forgetful.backend.quarantine({ limit: 10 });
    expect(rows.map(({ reason }) => reason)).toEqual(['type']);
    const spans = await forgetful.backend.attributesHistory(WIND, -Infinity, Infinity);
    expect(spans.map((span) => span.attributes.type)).toEqual(['float', 'string']);
    await stored(archiver, last);
  }
});

test('crash upon crash under a steady flow, at any moment of a batch: nothing is lost', async () => {
  const connection = await testConnection(await testNats());
  const forgetful = new ForgetfulBackend();
  const { archiver, registry } = startArchiver(connection, forgetful.backend, { batchMessages: 50 });
  const firstUs = wallClockUs();
  let published = 0;
  for (let crash = 0; crash < 12; crash++) {
    for (let burst = 0; burst < 5; burst++) {
      for (let place = 0; place < 30; place++) {
        published++;
        void publishSample(connection, { value: published, timeUs: firstUs + published });
      }
      await delay(Math.random() * 20);
    }
    if (crash % 3 === 0) forgetful.sync();
    await forgetful.crash();
  }
  published++;
  const sequence = await publishSample(connection, { value: published, timeUs: firstUs + published });
  await waitFor(async () => (await numbers(forgetful.backend)).length === published, {
    what: 'all are there',
    timeoutMs: 20_000,
  });
  await stored(archiver, sequence);
  expect(await numbers(forgetful.backend)).toEqual(upTo(published));
  expect(await metric(registry, 'set_backs_total')).toBeGreaterThan(1);
});

test('an archiver begins where the back end says that nothing can be lost, not where it was stopped', async () => {
  const connection = await testConnection(await testNats());
  const forgetful = new ForgetfulBackend();
  const first = startArchiver(connection, forgetful.backend);
  await stored(first.archiver, await publishNumbers(connection, 1, 4));
  forgetful.sync();
  const last = await publishNumbers(connection, 5, 9);
  await stored(first.archiver, last);
  await first.stop();
  await forgetful.crash();
  const second = startArchiver(connection, forgetful.backend);
  await stored(second.archiver, last);
  expect(await numbers(forgetful.backend)).toEqual(upTo(9));
});

test('a back end that is away when the archiver begins is asked until it answers', async () => {
  const connection = await testConnection(await testNats());
  const inner = new MemoryBackend();
  let refusals = 3;
  const backend = withFault(inner, 'begin', () => {
    if (refusals-- > 0) throw new StoreError('IO', 'no node answers');
  });
  const { archiver } = startArchiver(connection, backend);
  const seen = new Set<string>();
  await waitFor(() => seen.add(archiver.status.state).has('store-failing') || refusals <= 0, {
    what: 'it says so',
  });
  await stored(archiver, await publishNumbers(connection, 1, 2));
  expect(await numbers(inner)).toEqual([1, 2]);
  expect(archiver.status.state).toBe('reading');
});

test('stopped while it cannot ask what an older message is to be judged by, it leaves that in the stream', async () => {
  const connection = await testConnection(await testNats());
  const inner = new MemoryBackend();
  await publishStored(connection, 'attributes.wx', JSON.stringify({ name: 'wx_wind_speed', type: 'float' }));
  await publishSample(connection, { value: 'fast' });
  await publishStored(connection, 'attributes.wx', JSON.stringify({ name: 'wx_wind_speed', type: 'string' }));
  const first = startArchiver(connection, inner);
  await stored(first.archiver, await publishSample(connection, { value: 'slow' }));
  await first.stop();
  // Read again from the beginning, by an archive that does not answer what held before.
  let asked = 0;
  const silent = withFault(
    withFault(inner, 'attributesHistory', () => {
      asked++;
      throw new StoreError('IO', 'no node answers');
    }),
    'begin',
    () => undefined,
    undefined,
  );
  const second = startArchiver(connection, silent);
  await waitFor(() => asked > 2, { what: 'it asks' });
  await second.stop();
  expect(await numbers(inner)).toEqual(['slow']);
});

/** A back end of which one method does something else first; what that gives, if it is given at all, is the answer. */
function withFault(
  backend: Backend,
  method: keyof Backend,
  fault: () => void,
  ...answer: [undefined?]
): Backend {
  return new Proxy(backend, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const call = value as (...args: unknown[]) => Promise<unknown>;
      if (name !== method) return call.bind(target);
      return async (...args: unknown[]) => {
        fault();
        return answer.length > 0 ? answer[0] : call.apply(target, args);
      };
    },
  });
}
