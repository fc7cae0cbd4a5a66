import { Client, type QueryOptions, type types } from 'cassandra-driver';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { rowsLayout } from '../../../src/backend/cassandra/rows/rows-layout.ts';
import { prepareSchema } from '../../../src/backend/cassandra/schema/prepare-schema.ts';
import type { FramedOptions } from '../../../src/backend/cassandra/session/framing-client.ts';
import { openSession, type SessionOptions } from '../../../src/backend/cassandra/session/open-session.ts';
import { TestCassandra } from '../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../test/support/requires.ts';
import { DAY_START_US, sampleRow } from '../rows.ts';
import { LayoutSensors } from './rows/layout-batch.ts';

const describeWithCassandra = await requires('cassandra');

const NODES = 3;
const TIMEOUT_MS = 600_000;
const SENSORS = 600;

type SendBatch = (
  this: Client,
  queries: { query: string }[],
  options: QueryOptions,
) => Promise<types.ResultSet>;

/** A batch of samples as it went out. */
interface SentBatch {
  /** `sensor bucket` of each row. */
  readonly partitions: readonly string[];
  readonly node: string;
}

describeWithCassandra('three nodes', () => {
  let cassandra: TestCassandra;
  beforeAll(async () => {
    cassandra = await TestCassandra.start({ nodes: NODES });
  }, TIMEOUT_MS);
  afterAll(() => cassandra.stop());
  afterEach(() => {
    vi.restoreAllMocks();
  });

  const optionsFor = (keyspace: string, replicationFactor: number): SessionOptions => ({
    contactPoints: cassandra.contactPoints,
    keyspace,
    replicationFactor,
  });

  /** The places of the nodes that have a partition: each node ends its share of the ring, beginning with the least token of all. */
  function replicasOf(token: number, replicationFactor: number): string[] {
    const share = 2 ** 64 / NODES;
    const owner = Math.ceil((token + 2 ** 63) / share) % NODES;
    return Array.from({ length: replicationFactor }, (_, copy) => {
      return cassandra.nodes[(owner + copy) % NODES]!.address.host;
    });
  }

  describe.each([1, 2, 3])('with %i copies', (copies) => {
    test(
      'samples of slow sensors go in batches, each to a node that has all of its partitions',
      async () => {
        const session = await openSession(optionsFor(`copies_${copies}`, copies));
        try {
          const layout = rowsLayout();
          for (const table of layout.tables) await session.execute(table);
          const sent = watchBatches();
          const sensors = new LayoutSensors(1);
          const samples = Array.from({ length: SENSORS }, (_, place) => {
            const address = { component: 'slow', sensor: `s${place}` };
            sensors.add(address);
            return sampleRow({ ...address, timeUs: DAY_START_US + place });
          });
          const writer = layout.writer(session);
          await writer.write(sensors.batch(samples, DAY_START_US));
          await writer.close();

          const owners = new Map<string, string[]>();
          const rows = await session.execute(
            'SELECT DISTINCT sensor, bucket, token(sensor, bucket) AS place FROM samples',
          );
          for (const { sensor, bucket, place } of rows) {
            owners.set(`${String(sensor)} ${String(bucket)}`, replicasOf(Number(place), copies));
          }
          expect(owners.size).toBe(SENSORS);
          expect(sent.reduce((sum, { partitions }) => sum + partitions.length, 0)).toBe(SENSORS);
          for (const { partitions, node } of sent) {
            expect(new Set(partitions.map((partition) => owners.get(partition)?.[0])).size).toBe(1);
            expect(owners.get(partitions[0]!)).toContain(node);
          }
          // Ten at a time, and one batch that is not full for each node.
          expect(sent.length).toBeLessThanOrEqual(SENSORS / 10 + NODES);
          expect(new Set(sent.map(({ node }) => node)).size).toBe(NODES);
        } finally {
          await session.close();
        }
      },
      TIMEOUT_MS,
    );
  });

  test.each([1, 2, 3, 4])(
    'stores that begin a keyspace at the same moment make one schema, time %i',
    async (time) => {
      const options = optionsFor(`at_once_${time}`, NODES);
      const layout = rowsLayout();
      const begin = async () => {
        const session = await openSession(options);
        return { session, schema: await prepareSchema(session, layout) };
      };
      const begun = await Promise.all([begin(), begin(), begin()]);
      try {
        const [first] = begun;
        for (const { schema } of begun) expect(schema).toEqual(first?.schema);
        const sensors = new LayoutSensors(1);
        const address = sensors.add({ component: 'wx', sensor: 'wind' });
        for (const [place, { session }] of begun.entries()) {
          const sample = sampleRow({ ...address, timeUs: DAY_START_US + place });
          await layout.writer(session).write(sensors.batch([sample], DAY_START_US));
          await session.execute('INSERT INTO tallies (name) VALUES (?)', [`of ${place}`]);
        }
        for (const { session } of begun) {
          expect(await session.execute('SELECT t FROM samples')).toHaveLength(begun.length);
          expect(await session.execute('SELECT name FROM tallies')).toHaveLength(begun.length);
        }
        // What nodes have not agreed on would show when they are asked one by one, or in what they say.
        for (const node of cassandra.nodes) {
          expect(node.log.filter((line) => /mismatch|ConfigurationException/iu.test(line))).toEqual([]);
        }
      } finally {
        await Promise.all(begun.map(({ session }) => session.close()));
      }
    },
    TIMEOUT_MS,
  );
});

/** The batches of samples that are sent from now on, as the driver tells where each went. */
function watchBatches(): SentBatch[] {
  const sent: SentBatch[] = [];
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const batch = Client.prototype.batch as SendBatch;
  const watching: SendBatch = async function (this: Client, queries, options) {
    const answer = await batch.call(this, queries, options);
    if (queries[0]?.query.startsWith('INSERT INTO samples') === true) {
      const { rows } = (options as FramedOptions).framed;
      const partitions = rows.map(([sensor, bucket]) => `${String(sensor)} ${String(bucket)}`);
      sent.push({ partitions, node: answer.info.queriedHost.replace(/:\d+$/, '') });
    }
    return answer;
  };
  vi.spyOn(Client.prototype, 'batch').mockImplementation(watching as never);
  return sent;
}
