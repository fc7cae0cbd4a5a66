import { test } from 'vitest';
import { requires } from '../../../../../test/support/requires.ts';
import { randomVictims } from '../../kill-run.ts';
import { killMatrix, LAYOUTS } from './kill-matrix.ts';

const KILLS = 100;

const describeWithCassandra = await requires('cassandra');

describeWithCassandra(`${KILLS} random kills and stops under load`, () => {
  test.each(LAYOUTS)(
    'of archiver, nats-server and Cassandra, layout %s: nothing is lost or doubled',
    async (layout) => {
      const victims = randomVictims(KILLS);
      console.log(victims.join(', '));
      await killMatrix(layout, victims);
    },
    2 * 60 * 60_000,
  );
});
