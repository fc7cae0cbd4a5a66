import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { discoverServices, type BusConnection } from '@katbus/bus/nats';
import { STANDBY_SERVICE } from '@katbus/protocol';
import { waitFor } from '../../../../test/support/wait-for.ts';
import {
  everythingStored,
  fullHistory,
  publishSample,
  testConnection,
  testFolder,
  testNats,
  WIND,
} from '../store-fixture.ts';
import { StoreProcess } from '../store-process.ts';

const LEASE = ['--lease-seconds', '2'];

const becomes = (store: StoreProcess, isActive: boolean) =>
  waitFor(async () => (await store.isActive()) === isActive, {
    what: `${isActive ? 'active' : 'standing by'} (${store.output})`,
    timeoutMs: 20_000,
  });

async function publishNumbers(connection: BusConnection, from: number, to: number): Promise<void> {
  for (let value = from; value <= to; value++) await publishSample(connection, { value });
}

const storedNumbers = async (connection: BusConnection) => {
  await waitFor(() => everythingStored(connection), { what: 'everything is stored', timeoutMs: 30_000 });
  return (await fullHistory(connection, WIND)).map(({ value }) => value);
};

const upTo = (last: number) => Array.from({ length: last }, (_, place) => place + 1);

test.each(['each its own directory', 'one directory'])(
  'of two stores with %s one archives and answers; killed, the other takes over within seconds and has everything',
  async (sharing) => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const folder = await testFolder();
    const first = await StoreProcess.start(nats.url, `${folder}/a`, LEASE);
    await becomes(first, true);
    const directory = sharing === 'one directory' ? `${folder}/a` : `${folder}/b`;
    const second = await StoreProcess.start(nats.url, directory, LEASE);
    await becomes(second, false);
    expect(await second.reason()).toMatch(/standing by: .*(is active|is in use by another store)/);
    expect(await discoverServices(connection, { name: 'store' })).toHaveLength(1);
    expect(await discoverServices(connection, { name: STANDBY_SERVICE })).toHaveLength(1);
    await publishNumbers(connection, 1, 20);
    expect(await storedNumbers(connection)).toEqual(upTo(20));
    await first.end('SIGKILL');
    const killedMs = performance.now();
    await publishNumbers(connection, 21, 30);
    await becomes(second, true);
    expect(performance.now() - killedMs).toBeLessThan(20_000);
    expect(await storedNumbers(connection)).toEqual(upTo(30));
    expect(await second.metric('gaps_total')).toBe(0);
    expect(await discoverServices(connection, { name: STANDBY_SERVICE })).toEqual([]);
    // The one that was killed comes back, and is the one that waits now.
    const third = await StoreProcess.start(nats.url, `${folder}/a`, LEASE);
    await becomes(third, false);
    expect(await second.end('SIGTERM')).toBe(0);
    const endedMs = performance.now();
    await becomes(third, true);
    expect(performance.now() - endedMs).toBeLessThan(20_000);
    await publishNumbers(connection, 31, 35);
    expect(await storedNumbers(connection)).toEqual(upTo(35));
    expect(await third.metric('gaps_total')).toBe(0);
  },
  90_000,
);

test('a single store that was killed is active again at once, however long its lease', async () => {
  const nats = await testNats();
  const connection = await testConnection(nats);
  const directory = await testFolder();
  const lease = ['--lease-seconds', '60'];
  const first = await StoreProcess.start(nats.url, directory, lease);
  await becomes(first, true);
  await publishNumbers(connection, 1, 5);
  expect(await storedNumbers(connection)).toEqual(upTo(5));
  await first.end('SIGKILL');
  const killedMs = performance.now();
  const second = await StoreProcess.start(nats.url, directory, lease);
  await becomes(second, true);
  expect(performance.now() - killedMs).toBeLessThan(20_000);
  await publishNumbers(connection, 6, 8);
  expect(await storedNumbers(connection)).toEqual(upTo(8));
});

test.each(['each its own directory', 'one directory'])(
  'an active store that was stopped for longer than its lease, with %s, notices it and disturbs nobody',
  async (sharing) => {
    const nats = await testNats();
    const connection = await testConnection(nats);
    const folder = await testFolder();
    const first = await StoreProcess.start(nats.url, `${folder}/a`, LEASE);
    await becomes(first, true);
    const isShared = sharing === 'one directory';
    const second = await StoreProcess.start(nats.url, isShared ? `${folder}/a` : `${folder}/b`, LEASE);
    await becomes(second, false);
    await publishNumbers(connection, 1, 20);
    expect(await storedNumbers(connection)).toEqual(upTo(20));
    // Stopped with messages on their way to it.
    const publishing = publishNumbers(connection, 21, 60);
    first.signal('SIGSTOP');
    await publishing;
    // Its directory stays locked, as long as it may come back: then nobody can take its place.
    if (isShared) await delay(4_000);
    else await becomes(second, true);
    await publishNumbers(connection, 61, 80);
    first.signal('SIGCONT');
    await waitFor(() => first.output.includes('the lease is lost'), {
      what: `it notices (${first.output})`,
      timeoutMs: 15_000,
    });
    await waitFor(async () => (await first.isActive()) !== (await second.isActive()), {
      what: 'one of them is active',
      timeoutMs: 20_000,
    });
    await publishNumbers(connection, 81, 90);
    expect(await storedNumbers(connection)).toEqual(upTo(90));
    const [active] = (await first.isActive()) ? [first] : [second];
    expect(await active.metric('gaps_total')).toBe(0);
    expect(await discoverServices(connection, { name: 'store' })).toHaveLength(1);
    expect(first.isRunning && second.isRunning).toBe(true);
  },
  90_000,
);
