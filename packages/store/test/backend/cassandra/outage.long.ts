import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { TestCassandra } from '../../../../../test/support/cassandra.ts';
import { longOption } from '../../../../../test/support/long-option.ts';
import { requires } from '../../../../../test/support/requires.ts';
import { rideOut } from './outage-run.ts';

const STOPPED_SECONDS = longOption('outage-seconds', 180);

const describeWithCassandra = await requires('cassandra');

describeWithCassandra(`Cassandra stopped for ${STOPPED_SECONDS} s under load`, () => {
  test.each(['chunks', 'rows'] as const)(
    'layout %s: publishers do not notice, and nothing is lost or doubled',
    async (layout) => {
      await using cassandra = await TestCassandra.start();
      await rideOut({ cassandra, layout }, async ({ failing, published, recovered, said }) => {
        await cassandra.node.stop();
        expect(await failing()).toContain('Cassandra');
        await delay(STOPPED_SECONDS * 1_000);
        await published(2_000);
        await cassandra.node.start();
        await recovered();
        expect(said('cannot store')).toHaveLength(1);
        expect(said('stores again after')).toHaveLength(1);
      });
    },
  );
});
