import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callService, type BusConnection } from '@katbus/bus/nats';
import {
  STORE_SUBJECTS,
  type AttributesHistory,
  type CataloguePage,
  type QuarantinePage,
} from '@katbus/protocol';
import { TestCassandra } from '../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../test/support/requires.ts';
import { waitFor } from '../../../../../test/support/wait-for.ts';
import { SteadyPublisher } from '../../steady-publisher.ts';
import {
  everythingStored,
  fullHistory,
  publishSample,
  publishStored,
  storeStatus,
  testConnection,
  testFolder,
  testNats,
} from '../../store-fixture.ts';
import { StoreProcess } from '../../store-process.ts';
import { LAYOUTS } from './kill-matrix.ts';

const describeWithCassandra = await requires('cassandra');

/** Cassandra syncs its log every ten seconds: so much, at most, goes when its host loses power. */
const LOST_MS = 8_000;
/** The least that may be asked for; more than what can be lost. */
const SET_BACK_SECONDS = 10;
const TIMEOUT_MS = 400_000;
const BORN = { component: 'dsh9', sensor: 'born_in_the_window' };
const CHANGED = { component: 'dsh3', sensor: 'sensor_3' };

describeWithCassandra('the data of a node put back as they were 8 s before, as by a loss of power', () => {
  let cassandra: TestCassandra;
  beforeAll(async () => {
    cassandra = await TestCassandra.start();
  }, TIMEOUT_MS);
  afterAll(() => cassandra.stop());

  test.each(LAYOUTS.flatMap((layout) => [true, false].map((isAlone) => [layout, isAlone] as const)))(
    'layout %s, the node alone: %s: what was acknowledged and lost is read again from the stream, and not all of it',
    async (layout, isAlone) => {
      const nats = await testNats();
      const connection = await testConnection(nats);
      const directory = await testFolder();
      const words = [
        ...['--backend', 'cassandra', '--cassandra', cassandra.contactPoints.join(',')],
        ...['--keyspace', `window_${randomBytes(4).toString('hex')}`, '--layout', layout],
        ...['--set-back-seconds', String(SET_BACK_SECONDS), '--latest-seconds', '2'],
      ];
      for (const place of [3, 10, 17]) {
        // Floats, so that their NaN is stored as a number.
        await announce(connection, `dsh${place % 4}`, { name: `dsh${place % 4}_sensor_${place}` });
      }
      const publisher = new SteadyPublisher(connection, { samplesASecond: 1_000, sensors: 28 });
      let store = await StoreProcess.start(nats.url, directory, words);
      await waitFor(async () => (await storeStatus(connection)).through > 0, {
        what: `it stores (${store.output})`,
        timeoutMs: 60_000,
      });
      // Until some floor is old enough to go back to it, and latest values of that time are in their table.
      await delay((SET_BACK_SECONDS + 15) * 1_000);

      const image = await cassandra.image();
      const endMs = performance.now() + LOST_MS;
      await publishSample(connection, { address: BORN, value: 1 });
      await announce(connection, 'dsh3', { name: 'dsh3_sensor_3', units: 'changed' });
      await publishStored(connection, 'sensor.archive.dsh9.bad', 'no JSON');
      await delay(endMs - performance.now());
      const { through } = await storeStatus(connection);
      expect((await catalogueNames(connection)).includes('dsh9_born_in_the_window')).toBe(true);
      await cassandra.node.kill();
      if (!isAlone) await store.end('SIGKILL');
      await cassandra.putBack(image);
      await cassandra.node.start();
      if (!isAlone) store = await StoreProcess.start(nats.url, directory, words);

      await waitFor(
        async () => {
          const isThere = isAlone ? (await store.metric('set_backs_total')) > 0 : true;
          return isThere && (await storeStatus(connection)).through > through;
        },
        { what: `it has come past where it was (${store.output})`, timeoutMs: 120_000 },
      );
      await publisher.stop();
      const stored = await waitFor(() => everythingStored(connection), {
        what: `everything is stored (${store.output})`,
        timeoutMs: 120_000,
      });
      for (const [address, published] of publisher.published) {
        expect(await fullHistory(connection, { ...address, limit: 10_000 })).toEqual(published);
      }
      expect((await fullHistory(connection, BORN)).map(({ value }) => value)).toEqual([1]);
      expect(await catalogueNames(connection)).toContain('dsh9_born_in_the_window');
      const history = (await callService(
        connection,
        STORE_SUBJECTS.attributes,
        CHANGED,
      )) as AttributesHistory;
      expect(history.attributes.map(({ attributes }) => attributes.units)).toEqual([undefined, 'changed']);
      const quarantine = (await callService(connection, STORE_SUBJECTS.quarantine, {})) as QuarantinePage;
      expect(quarantine.messages.map(({ subject }) => subject)).toEqual(['sensor.archive.dsh9.bad']);
      expect(await store.metric('gaps_total')).toBe(0);
      // From some way back, not from the beginning.
      const from = [...store.output.matchAll(/reading the stream from message (\d+)/g)].map(([, sequence]) =>
        Number(sequence),
      );
      expect(from.at(-1)).toBeGreaterThan(1_000);
      expect(from.at(-1)).toBeLessThan(through - (LOST_MS / 1_000) * 500);
      expect(stored.sensors).toBe(29);
      expect(await store.end('SIGTERM')).toBe(0);
    },
    TIMEOUT_MS,
  );
});

function announce(connection: BusConnection, component: string, fields: { name: string; units?: string }) {
  return publishStored(connection, `attributes.${component}`, JSON.stringify({ type: 'float', ...fields }));
}

async function catalogueNames(connection: BusConnection): Promise<string[]> {
  const page = (await callService(connection, STORE_SUBJECTS.sensors)) as CataloguePage;
  return page.sensors.map(({ name }) => name);
}
