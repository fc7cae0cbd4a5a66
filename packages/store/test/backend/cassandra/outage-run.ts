import { randomBytes } from 'node:crypto';
import { expect, onTestFailed } from 'vitest';
import type { BusConnection } from '@katbus/bus/nats';
import { SESSION_STATES, type SessionState } from '../../../src/backend/cassandra/session/session-news.ts';
import type { TestCassandra } from '../../../../../test/support/cassandra.ts';
import { waitFor } from '../../../../../test/support/wait-for.ts';
import { SteadyPublisher } from '../../steady-publisher.ts';
import {
  everythingStored,
  fullHistory,
  publishStored,
  storeStatus,
  testConnection,
  testFolder,
  testNats,
} from '../../store-fixture.ts';
import { StoreProcess } from '../../store-process.ts';

/** On a busy machine a node takes its time for the tables. */
const START_MS = 180_000;
const RATE = { samplesASecond: 2_000, sensors: 28 };

export interface OutageOptions {
  readonly cassandra: TestCassandra;
  /** Default chunks. */
  readonly layout?: 'rows' | 'chunks';
  readonly keyspace?: string;
  /** What the store is told to connect to; default: the nodes. */
  readonly contactPoints?: readonly string[];
  /** Further words of `katbus store`. */
  readonly words?: readonly string[];
}

/** What a test has in its hands while samples are published all the time. */
export interface Outage {
  readonly store: StoreProcess;
  readonly connection: BusConnection;
  /** Waits until the store says that it cannot write, and for a metric that says so. @returns the reason that it gives */
  readonly failing: () => Promise<string>;
  /** Waits until it stores again. */
  readonly recovered: () => Promise<void>;
  /** Waits until publishers have had so many more samples acknowledged. */
  readonly published: (count: number) => Promise<void>;
  /** 1 for the state that holds, 0 for the others. */
  readonly states: () => Promise<Record<SessionState, number>>;
  /** The lines of the log that begin with this text. */
  readonly said: (text: string) => readonly string[];
}

/**
 * Publishes steadily through `outage`, and then compares what was acknowledged to the publisher with the history, sample by sample. No
 * publisher may notice, nothing may be lost, doubled, or put aside.
 */
export async function rideOut(
  options: OutageOptions,
  outage: (hands: Outage) => Promise<void>,
): Promise<void> {
  const { cassandra, contactPoints = cassandra.contactPoints, layout = 'chunks', words = [] } = options;
  const keyspace = options.keyspace ?? `outage_${randomBytes(4).toString('hex')}`;
  const nats = await testNats();
  const connection = await testConnection(nats);
  for (const place of [3, 10, 17]) {
    // Floats, so that their NaN is stored as a number.
    const name = `dsh${place % 4}_sensor_${place}`;
    await publishStored(connection, `attributes.dsh${place % 4}`, JSON.stringify({ name, type: 'float' }));
  }
  const store = await StoreProcess.start(nats.url, await testFolder(), [
    ...['--backend', 'cassandra', '--cassandra', contactPoints.join(',')],
    ...['--keyspace', keyspace, '--layout', layout, '--max-delay', '0.5', '--lease-seconds', '60', ...words],
  ]);
  onTestFailed(() => console.log(store.output));
  const publisher = new SteadyPublisher(connection, RATE);
  await waitFor(async () => (await store.metric('samples_total')) > 0, {
    what: 'the archiver stores',
    timeoutMs: START_MS,
  });
  await outage({
    store,
    connection,
    failing: () =>
      waitFor(async () => ((await store.metric('write_failures_total')) > 0 ? store.reason() : undefined), {
        what: 'the store says that it fails',
        timeoutMs: 90_000,
      }),
    recovered: async () => {
      await waitFor(async () => (await storeStatus(connection)).state === 'reading', {
        what: 'the store writes again',
        timeoutMs: 120_000,
      });
    },
    published: async (count) => {
      const { acknowledged } = publisher;
      await waitFor(() => publisher.acknowledged >= acknowledged + count, { what: 'publishers go on' });
    },
    states: async () => {
      const each = SESSION_STATES.map(async (state) => {
        return [state, await store.metric('cassandra_state', `state="${state}"`)] as const;
      });
      return Object.fromEntries(await Promise.all(each)) as Record<SessionState, number>;
    },
    said: (text) => store.output.split('\n').filter((line) => line.includes(`"msg":"${text}`)),
  });
  await publisher.stop();
  await waitFor(() => everythingStored(connection), { what: 'everything is stored', timeoutMs: 120_000 });
  for (const [address, published] of publisher.published) {
    const history = await waitFor(() => fullHistory(connection, { ...address, limit: 10_000 }), {
      what: `the history of ${address.sensor}`,
      timeoutMs: 60_000,
    });
    expect(history).toEqual(published);
  }
  expect(await store.metric('quarantine_messages')).toBe(0);
  expect(await store.metric('gaps_total')).toBe(0);
  expect(await store.end('SIGTERM')).toBe(0);
}
