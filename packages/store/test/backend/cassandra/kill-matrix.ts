import { randomBytes } from 'node:crypto';
import { openSession } from '../../../src/backend/cassandra/session/open-session.ts';
import { TestCassandra } from '../../../../../test/support/cassandra.ts';
import { waitFor } from '../../../../../test/support/wait-for.ts';
import { killRun, type Victim } from '../../kill-run.ts';

export const LAYOUTS = ['rows', 'chunks'] as const;

/** As often, and as soon, as it may be done: so that in the minutes of a run much is sealed, and much of that interrupted. */
const SEAL_EVERY_SECONDS = 120;
const SEAL_AFTER_SECONDS = 130;
/** Half a minute for each time that is due, and all of those that were interrupted. */
const SEALED_WITHIN_MS = 600_000;

/** {@link killRun} on a Cassandra of its own; of `chunks`, what was due to be sealed in that time is, before it is compared. */
export async function killMatrix(
  layout: (typeof LAYOUTS)[number],
  victims: readonly Victim[],
): Promise<void> {
  await using cassandra = await TestCassandra.start();
  const { contactPoints } = cassandra;
  const keyspace = `kill_${randomBytes(4).toString('hex')}`;
  const isSealed = victims.includes('archiver while it seals');
  const said = await killRun({
    victims,
    samplesASecond: 1_000,
    sensors: 56,
    mostPauseMs: 2_000,
    cassandra,
    words: [
      ...['--backend', 'cassandra', '--cassandra', contactPoints.join(',')],
      ...['--keyspace', keyspace, '--layout', layout],
      ...['--seal-every-seconds', String(SEAL_EVERY_SECONDS)],
      ...['--seal-after-seconds', String(SEAL_AFTER_SECONDS)],
    ],
    ...(isSealed && { settled: () => sealedChunks({ contactPoints, keyspace }) }),
  });
  console.log(`${layout}: ${said}`);
}

/** Waits until everything that is due now is sealed. */
async function sealedChunks(archive: {
  contactPoints: readonly string[];
  keyspace: string;
}): Promise<string> {
  const dueSeconds = Math.floor((Date.now() / 1000 - SEAL_AFTER_SECONDS) / SEAL_EVERY_SECONDS);
  const session = await openSession(archive);
  try {
    await waitFor(
      async () => {
        const [row] = await session.execute('SELECT through FROM sealed WHERE one = 0');
        return Number(row?.through) >= dueSeconds * SEAL_EVERY_SECONDS * 1e6;
      },
      { what: 'what is due is sealed', timeoutMs: SEALED_WITHIN_MS, intervalMs: 500 },
    );
    const [sealed] = await session.execute('SELECT count(*) AS chunks, sum(count) AS samples FROM chunks');
    return `${Number(sealed?.samples)} of them in ${Number(sealed?.chunks)} chunks`;
  } finally {
    await session.close();
  }
}
