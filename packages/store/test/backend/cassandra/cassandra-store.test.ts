import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { callService, type BusConnection } from '@katbus/bus/nats';
import { STORE_SUBJECTS, type LatestPage } from '@katbus/protocol';
import { openSession } from '../../../src/backend/cassandra/session/open-session.ts';
import { freshKeyspace, sharedCassandra } from '../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../test/support/requires.ts';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.ts';
import { waitFor } from '../../../../../test/support/wait-for.ts';
import {
  everythingStored,
  fullHistory,
  publishSample,
  storeStatus,
  testConnection,
  testFolder,
  testNats,
  WIND,
} from '../../store-fixture.ts';
import { StoreProcess } from '../../store-process.ts';
import { LAYOUTS } from './kill-matrix.ts';

vi.setConfig({ testTimeout: 180_000 });

const describeWithCassandra = await requires('cassandra');

const PATIENCE_MS = 90_000;

const becomes = (store: StoreProcess, isActive: boolean) =>
  waitFor(async () => (await store.isActive()) === isActive, {
    what: `${isActive ? 'active' : 'standing by'} (${store.output})`,
    timeoutMs: PATIENCE_MS,
  });

async function publishNumbers(connection: BusConnection, from: number, to: number): Promise<void> {
  for (let value = from; value <= to; value++) await publishSample(connection, { value });
}

/** On a machine that does everything at once a first answer may take longer than a request waits. */
const answered = <Answer>(ask: () => Promise<Answer>) =>
  waitFor(async () => [await ask()] as const, { what: 'an answer', timeoutMs: PATIENCE_MS }).then(
    ([answer]) => answer,
  );

const storedNumbers = async (connection: BusConnection) => {
  await waitFor(() => everythingStored(connection), { what: 'everything is stored', timeoutMs: PATIENCE_MS });
  const samples = await answered(() => fullHistory(connection, WIND));
  return samples.map(({ value }) => value);
};

const latestNumber = async (connection: BusConnection) => {
  const query = { subjects: ['sensor.archive.>'] };
  const { samples } = (await answered(() =>
    callService(connection, STORE_SUBJECTS.latest, query),
  )) as LatestPage;
  return samples.map(({ value }) => value);
};

const upTo = (last: number) => Array.from({ length: last }, (_, place) => place + 1);

describeWithCassandra('katbus store with an archive in Cassandra', () => {
  test.each(['chunks', 'rows'])(
    'of two stores on one keyspace, layout %s, one archives; killed, the other has everything and goes on',
    async (layout) => {
      const contactPoint = await sharedCassandra();
      await using keyspace = freshKeyspace(contactPoint);
      const nats = await testNats();
      const connection = await testConnection(nats);
      const words = ['--backend', 'cassandra', '--layout', layout, '--cassandra', contactPoint];
      const options = [...words, '--keyspace', keyspace.name, '--lease-seconds', '2'];
      const start = async () => StoreProcess.start(nats.url, await testFolder(), options);
      const first = await start();
      await becomes(first, true);
      const second = await start();
      await becomes(second, false);
      await publishNumbers(connection, 1, 20);
      expect(await storedNumbers(connection)).toEqual(upTo(20));
      await first.end('SIGKILL');
      await publishNumbers(connection, 21, 30);
      await becomes(second, true);
      expect(await storedNumbers(connection)).toEqual(upTo(30));
      expect(await latestNumber(connection)).toEqual([30]);
      // Who comes back knows what the other one wrote while it was away.
      const third = await start();
      await becomes(third, false);
      expect(await second.end('SIGTERM')).toBe(0);
      await becomes(third, true);
      expect(await latestNumber(connection)).toEqual([30]);
      await publishNumbers(connection, 31, 33);
      expect(await storedNumbers(connection)).toEqual(upTo(33));
      expect(await third.metric('gaps_total')).toBe(0);
      expect(await third.metric('sensors')).toBe(1);
      expect(await third.end('SIGTERM')).toBe(0);
    },
  );

  test.each(LAYOUTS)(
    'two stores that begin a keyspace at the same moment, layout %s, make one archive; asked to end, one hands over to the other at once',
    async (layout) => {
      const contactPoint = await sharedCassandra();
      await using keyspace = freshKeyspace(contactPoint);
      const nats = await testNats();
      const connection = await testConnection(nats);
      const words = ['--backend', 'cassandra', '--layout', layout, '--cassandra', contactPoint];
      // A lease that nobody lives to see run out.
      const options = [...words, '--keyspace', keyspace.name, '--lease-seconds', '300'];
      const folders = [await testFolder(), await testFolder()];
      const stores = await Promise.all(
        folders.map((folder) => StoreProcess.start(nats.url, folder, options)),
      );
      const isUp = await Promise.all(
        stores.map((store) =>
          waitFor(async () => [await store.isActive()], {
            what: `it is active, or stands by (${store.output})`,
            timeoutMs: PATIENCE_MS,
          }),
        ),
      );
      expect(isUp.flat().toSorted()).toEqual([false, true]);
      const [first, second] = isUp[0]?.[0] === true ? stores : stores.toReversed();
      await publishNumbers(connection, 1, 20);
      expect(await storedNumbers(connection)).toEqual(upTo(20));
      expect(await first?.end('SIGTERM')).toBe(0);
      const endedMs = performance.now();
      await becomes(second!, true);
      expect(performance.now() - endedMs).toBeLessThan(20_000);
      // Written by the one that ended, at its end.
      expect(await latestNumber(connection)).toEqual([20]);
      await publishNumbers(connection, 21, 22);
      expect(await storedNumbers(connection)).toEqual(upTo(22));
      expect(stores.map(({ output }) => output).join('')).not.toMatch(/"level":"?(error|50)/);
    },
  );

  test.each(LAYOUTS)('a trickle is stored within two seconds, layout %s', async (layout) => {
    const contactPoint = await sharedCassandra();
    await using keyspace = freshKeyspace(contactPoint);
    const nats = await testNats();
    const connection = await testConnection(nats);
    const words = ['--backend', 'cassandra', '--layout', layout, '--cassandra', contactPoint];
    const options = [...words, '--keyspace', keyspace.name, '--max-delay', '2'];
    const store = await StoreProcess.start(nats.url, await testFolder(), options);
    await becomes(store, true);
    await publishNumbers(connection, 0, 0);
    // The first question starts what reads.
    await storedNumbers(connection);
    const tookMs: number[] = [];
    for (let value = 1; value <= 9; value++) {
      await delay(Math.random() * 1_500);
      const sequence = await publishSample(connection, { value });
      const publishedMs = performance.now();
      await waitFor(async () => (await storeStatus(connection)).through >= sequence, {
        what: 'it is stored',
        timeoutMs: 20_000,
      });
      // What counts is the archive, not what the archiver says of it.
      expect((await fullHistory(connection, WIND)).map((sample) => sample.value)).toContain(value);
      tookMs.push(performance.now() - publishedMs);
    }
    // Of a machine that does everything else as well, the middle one.
    expect(tookMs.toSorted((a, b) => a - b)[4]).toBeLessThan(2_000);
    expect(await storedNumbers(connection)).toEqual([0, ...upTo(9)]);
  });

  test('a single store that was killed is active again at once, however long its lease', async () => {
    const contactPoint = await sharedCassandra();
    await using keyspace = freshKeyspace(contactPoint);
    const nats = await testNats();
    const connection = await testConnection(nats);
    const folder = await testFolder();
    const words = ['--backend', 'cassandra', '--cassandra', contactPoint, '--keyspace', keyspace.name];
    const options = [...words, '--lease-seconds', '300'];
    const first = await StoreProcess.start(nats.url, folder, options);
    await becomes(first, true);
    // With the same folder: it is another one all the same, as long as the first one lives.
    const second = await StoreProcess.start(nats.url, folder, options);
    await becomes(second, false);
    expect(await second.end('SIGTERM')).toBe(0);
    await publishNumbers(connection, 1, 5);
    expect(await storedNumbers(connection)).toEqual(upTo(5));
    await first.end('SIGKILL');
    const third = await StoreProcess.start(nats.url, folder, options);
    await becomes(third, true);
    await publishNumbers(connection, 6, 8);
    expect(await storedNumbers(connection)).toEqual(upTo(8));
  });

  test('one that is not there is said at once, waited for, and said once more', async () => {
    const contactPoint = await sharedCassandra();
    const [host = '', port = ''] = contactPoint.split(':');
    await using keyspace = freshKeyspace(contactPoint);
    const nats = await testNats();
    const connection = await testConnection(nats);
    await using proxy = await TcpProxy.start({ host, port: Number(port) });
    proxy.become('half-open');
    const options = ['--backend', 'cassandra', '--cassandra', proxy.address, '--keyspace', keyspace.name];
    const store = await StoreProcess.start(nats.url, await testFolder(), options);
    const connecting = `connecting to Cassandra at ${proxy.address}, keyspace ${keyspace.name}`;
    const early = await waitFor(() => store.reason(), {
      what: `it says what it waits for (${store.output})`,
      timeoutMs: PATIENCE_MS,
    });
    expect(early).toBe(`not ready: starting: ${connecting}\n`);
    expect(store.output.split(connecting)).toHaveLength(2);
    const standingBy = () => store.output.split('\n').filter((line) => line.includes('standing by: '));
    await waitFor(() => standingBy().length > 0, {
      what: `it says so (${store.output})`,
      timeoutMs: PATIENCE_MS,
    });
    expect(standingBy()).toEqual([expect.stringMatching(/Cassandra/)]);
    await waitFor(async () => /standing by: .*Cassandra/.test(await store.reason()), {
      what: 'it tells why it is not ready',
    });
    await publishNumbers(connection, 1, 3);
    proxy.become('through');
    await becomes(store, true);
    expect(await storedNumbers(connection)).toEqual(upTo(3));
    expect(await store.end('SIGTERM')).toBe(0);
  });

  test('a table that was dropped while no store ran is made again, and filled from the stream', async () => {
    const contactPoint = await sharedCassandra();
    await using keyspace = freshKeyspace(contactPoint);
    const nats = await testNats();
    const connection = await testConnection(nats);
    const folder = await testFolder();
    const words = ['--backend', 'cassandra', '--layout', 'rows', '--cassandra', contactPoint];
    const start = () => StoreProcess.start(nats.url, folder, [...words, '--keyspace', keyspace.name]);
    const first = await start();
    await becomes(first, true);
    await publishNumbers(connection, 1, 5);
    expect(await storedNumbers(connection)).toEqual(upTo(5));
    expect(await first.end('SIGTERM')).toBe(0);
    const session = await openSession({ contactPoints: [contactPoint], keyspace: keyspace.name });
    await session.execute('DROP TABLE samples');
    await session.close();
    const second = await start();
    await becomes(second, true);
    await publishNumbers(connection, 6, 6);
    await waitFor(async () => (await second.metric('set_backs_total')) === 1, {
      what: `it notices (${second.output})`,
      timeoutMs: PATIENCE_MS,
    });
    expect(await storedNumbers(connection)).toEqual(upTo(6));
    expect(second.output).toContain('tables are gone: samples');
    expect(await second.end('SIGTERM')).toBe(0);
  });

  test('another layout than that of the keyspace is refused in one line', async () => {
    const contactPoint = await sharedCassandra();
    await using keyspace = freshKeyspace(contactPoint);
    const nats = await testNats();
    const options = ['--backend', 'cassandra', '--cassandra', contactPoint, '--keyspace', keyspace.name];
    const store = await StoreProcess.start(nats.url, await testFolder(), options);
    await becomes(store, true);
    expect(await store.end('SIGTERM')).toBe(0);
    const other = await StoreProcess.start(nats.url, await testFolder(), [...options, '--layout', 'rows']);
    await waitFor(() => !other.isRunning, { what: `it ends (${other.output})`, timeoutMs: PATIENCE_MS });
    expect(await other.end('SIGTERM')).toBe(1);
    expect(other.output).toContain('has the layout chunks, not rows');
  });

  test('options that cannot be right are refused by their names', async () => {
    const refused = async (...options: string[]) => {
      const words = ['--backend', 'cassandra', ...options];
      const store = await StoreProcess.start('nats://127.0.0.1:1', await testFolder(), words);
      await waitFor(() => !store.isRunning, { what: `it ends (${store.output})`, timeoutMs: PATIENCE_MS });
      expect(await store.end('SIGTERM')).toBe(1);
      return store.output;
    };
    expect(await refused('--cassandra', 'host:port')).toContain('They are hosts, or host:port');
    expect(await refused('--keyspace', 'Katbus-1')).toMatch(/keyspace: .*Katbus-1.* is not/);
    expect(await refused('--cassandra-user', 'me')).toContain('username, password: give both or none');
    expect(await refused('--cassandra-ca', '/nowhere/ca.pem')).toContain('It is a file that can be read');
    expect(await refused('--layout', 'columns')).toContain('Allowed choices are chunks, rows, mon');
  });
});
