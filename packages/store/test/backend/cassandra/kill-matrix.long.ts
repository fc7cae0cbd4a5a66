import { describe, test } from 'vitest';
import { longOption } from '../../../../../test/support/long-option.ts';
import { requires } from '../../../../../test/support/requires.ts';
import { randomVictims } from '../../kill-run.ts';
import { killMatrix, LAYOUTS } from './kill-matrix.ts';

const KILLS = longOption('kills', 100);
const KILL_MS = 120_000;

const describeWithCassandra = await requires('cassandra');

describeWithCassandra(`${KILLS} random kills and stops under load`, () => {
  describe.each(LAYOUTS)('layout %s', (layout) => {
    test(
      'of archiver, nats-server and Cassandra: nothing is lost or doubled',
      async () => {
        const victims = randomVictims(KILLS, layout === 'chunks');
        console.log(victims.join(', '));
        await killMatrix(layout, victims);
      },
      (KILLS + 10) * KILL_MS,
    );
  });
});
