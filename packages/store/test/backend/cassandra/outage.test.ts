import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestCassandra } from '../../../../../test/support/cassandra.ts';
import { requires } from '../../../../../test/support/requires.ts';
import { mounting, SmallDisk } from '../../../../../test/support/small-disk.ts';
import { TcpProxy } from '../../../../../test/support/tcp-proxy.ts';
import { waitFor } from '../../../../../test/support/wait-for.ts';
import { rideOut } from './outage-run.ts';

const describeWithCassandra = await requires('cassandra');
const describeWithSmallDisk = await requires('cassandra', mounting);

const LAYOUTS = ['rows', 'chunks'] as const;
const freshName = () => `outage_${randomBytes(4).toString('hex')}`;
const TIMEOUT_MS = 600_000;

describeWithCassandra('an outage of one node, under load', () => {
  let cassandra: TestCassandra;
  beforeAll(async () => {
    cassandra = await TestCassandra.start();
  }, TIMEOUT_MS);
  afterAll(() => cassandra.stop());
  beforeEach(async () => {
    // Where the test before has failed it may still be down.
    if (cassandra.node.pid === undefined) await cassandra.node.start();
  }, TIMEOUT_MS);

  describe.each(LAYOUTS)('layout %s', (layout) => {
    test(
      'stopped, and started again',
      async () => {
        await rideOut(
          { cassandra, layout },
          async ({ store, failing, recovered, published, states, said }) => {
            await cassandra.node.stop();
            expect(await failing()).toMatch(/Cassandra: no node/);
            await waitFor(async () => (await states()).disconnected === 1, {
              what: 'the metric of the state',
            });
            await published(4_000);
            await cassandra.node.start();
            await recovered();
            expect(said('cannot store: Cassandra')).toHaveLength(1);
            expect(said('Cassandra: no node can be reached')).toHaveLength(1);
            expect(said('stores again after')).toHaveLength(1);
            // It cannot know that the node was stopped in good order.
            await waitFor(async () => (await store.metric('set_backs_total')) === 1, {
              what: 'the stream is read again from before the outage',
              timeoutMs: 60_000,
            });
          },
        );
      },
      TIMEOUT_MS,
    );

    test(
      'its keyspace is dropped: it is made again, and filled from the stream',
      async () => {
        const keyspace = freshName();
        await rideOut({ cassandra, layout, keyspace }, async ({ store, recovered, published, said }) => {
          await published(2_000);
          await cassandra.cql(`DROP KEYSPACE ${keyspace}`);
          await waitFor(() => said('what was stored lately may be gone: tables are gone').length === 1, {
            what: 'it notices',
            timeoutMs: 120_000,
          });
          await published(2_000);
          await recovered();
          expect(await store.metric('set_backs_total')).toBe(1);
        });
      },
      TIMEOUT_MS,
    );
  });

  test(
    'frozen: what it does not answer may be stored or not, and is written again',
    async () => {
      await rideOut(
        { cassandra, words: ['--cassandra-timeout', '4'] },
        async ({ failing, recovered, published, states, said }) => {
          await cassandra.node.pause();
          try {
            expect(await failing()).toContain('Cassandra');
            await published(4_000);
            const { hanging, disconnected } = await states();
            expect(hanging + disconnected).toBe(1);
          } finally {
            cassandra.node.resume();
          }
          await recovered();
          expect(said('cannot store: Cassandra')).toHaveLength(1);
        },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'slow: every answer takes two seconds, and samples come late, but come',
    async () => {
      await using proxy = await TcpProxy.start(cassandra.node.address);
      await rideOut({ cassandra, contactPoints: [proxy.address] }, async ({ store, published, said }) => {
        proxy.become('slow', 2_000);
        const before = await store.metric('samples_total');
        await published(10_000);
        await waitFor(async () => (await store.metric('samples_total')) > before + 4_000, {
          what: 'samples are stored while it is slow',
          timeoutMs: 60_000,
        });
        expect(said('cannot store')).toHaveLength(0);
        proxy.become('through');
      });
    },
    TIMEOUT_MS,
  );

  test(
    'half-open: connections that a firewall has forgotten are given up, and new ones made',
    async () => {
      await using proxy = await TcpProxy.start(cassandra.node.address);
      const words = ['--cassandra-timeout', '4'];
      await rideOut(
        { cassandra, contactPoints: [proxy.address], words },
        async ({ failing, recovered, published, states, said }) => {
          proxy.become('half-open');
          expect(await failing()).toContain('Cassandra');
          await waitFor(async () => (await states()).connected === 0, { what: 'the metric of the state' });
          await published(6_000);
          proxy.become('through');
          await recovered();
          await waitFor(async () => (await states()).connected === 1, {
            what: 'the metric of the state',
            timeoutMs: 60_000,
          });
          expect(said('cannot store: Cassandra')).toHaveLength(1);
          expect(said('stores again after')).toHaveLength(1);
        },
      );
    },
    TIMEOUT_MS,
  );
});

describeWithSmallDisk('a disk that is full, under load', () => {
  test(
    'the node gives up; with room it is started again, and everything is there',
    async () => {
      await using disk = await SmallDisk.mount(400);
      await using cassandra = await TestCassandra.start({
        home: join(disk.path, 'node'),
        // As the distribution has them: a node that cannot write leaves the cluster.
        settings: {
          disk_failure_policy: 'stop',
          commit_failure_policy: 'stop',
          commitlog_segment_size: '4MiB',
        },
      });
      await rideOut({ cassandra }, async ({ failing, recovered, published }) => {
        await disk.fill();
        expect(await failing()).toContain('Cassandra');
        await published(4_000);
        await cassandra.node.kill();
        await disk.free();
        await cassandra.node.start();
        await recovered();
      });
    },
    TIMEOUT_MS,
  );
});

describeWithCassandra('three nodes and three copies, under load', () => {
  test(
    'one is killed: it is said, and samples go on being stored; it comes back',
    async () => {
      await using cassandra = await TestCassandra.start({ nodes: 3 });
      const words = ['--replication', '3'];
      await rideOut({ cassandra, words }, async ({ store, published, recovered, states, said }) => {
        await cassandra.nodes[1]?.kill();
        await waitFor(async () => (await states()).degraded === 1, {
          what: 'the metric of the state',
          timeoutMs: 60_000,
        });
        expect(said('Cassandra: 1 of 3 nodes cannot be reached')).toHaveLength(1);
        const before = await store.metric('samples_total');
        await published(6_000);
        await waitFor(async () => (await store.metric('samples_total')) > before + 4_000, {
          what: 'samples are stored without it',
          timeoutMs: 60_000,
        });
        await cassandra.nodes[1]?.start();
        await waitFor(async () => (await states()).connected === 1, {
          what: 'the metric of the state',
          timeoutMs: 60_000,
        });
        await recovered();
      });
    },
    TIMEOUT_MS,
  );
});
