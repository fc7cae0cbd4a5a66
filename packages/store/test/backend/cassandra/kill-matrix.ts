import { randomBytes } from 'node:crypto';
import { TestCassandra } from '../../../../../test/support/cassandra.ts';
import { killRun, type Victim } from '../../kill-run.ts';

export const LAYOUTS = ['rows', 'chunks'] as const;

/** {@link killRun} on a Cassandra of its own. */
export async function killMatrix(
  layout: (typeof LAYOUTS)[number],
  victims: readonly Victim[],
): Promise<void> {
  await using cassandra = await TestCassandra.start();
  const said = await killRun({
    victims,
    samplesASecond: 1_000,
    sensors: 56,
    mostPauseMs: 3_000,
    cassandra,
    words: [
      ...['--backend', 'cassandra', '--cassandra', cassandra.contactPoints.join(',')],
      ...['--keyspace', `kill_${randomBytes(4).toString('hex')}`, '--layout', layout],
    ],
  });
  console.log(`${layout}: ${said}`);
}
