import { test } from 'vitest';
import { requires } from '../../../../../test/support/requires.ts';
import type { Victim } from '../../kill-run.ts';
import { killMatrix, LAYOUTS } from './kill-matrix.ts';

const describeWithCassandra = await requires('cassandra');

const VICTIMS: readonly Victim[] = [
  'archiver',
  'Cassandra',
  'archiver between commit and acknowledgement',
  'nats-server',
  'archiver and Cassandra',
  'archiver stopped',
];

describeWithCassandra('killed under load', () => {
  test.each(LAYOUTS)(
    'archiver, nats-server and Cassandra, layout %s: nothing is lost or doubled',
    async (layout) => {
      await killMatrix(layout, VICTIMS);
    },
    600_000,
  );
});
