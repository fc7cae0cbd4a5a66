import { parseArgs } from 'node:util';
import { layoutOf } from '../../packages/store/src/backend/cassandra/layouts.ts';
import { openSession } from '../../packages/store/src/backend/cassandra/session/open-session.ts';
import { cpuSeconds } from '../support/process-usage.ts';

/*
 * Makes chunks of all that is in a journal, as the store does it once an hour: a process of its own, so that its processor time can be told from
 * that of writing. What it seals stays in the journal.
 */
export interface Sealed {
  readonly type: 'sealed';
  readonly samples: number;
  readonly chunks: number;
  readonly seconds: number;
  readonly cpuUs: number;
  readonly nodeCpuUs: number;
}

const FAR_MS = 86_400_000;

const { values } = parseArgs({ options: { work: { type: 'string' } } });
const { contactPoint, keyspace, nodePid } = JSON.parse(values.work ?? '') as {
  contactPoint: string;
  keyspace: string;
  nodePid: number;
};
const cassandra = { contactPoints: [contactPoint], keyspace };
const session = await openSession(cassandra);
const keeper = layoutOf({ cassandra, layout: 'chunks' }).keeper!(session);
try {
  const startedMs = performance.now();
  const own = cpuSeconds(process.pid);
  const ofNode = cpuSeconds(nodePid);
  const { samples, chunks } = await keeper.pass(Date.now() + FAR_MS);
  const sealed: Sealed = {
    type: 'sealed',
    samples,
    chunks,
    seconds: (performance.now() - startedMs) / 1_000,
    cpuUs: ((cpuSeconds(process.pid) - own) / samples) * 1e6,
    nodeCpuUs: ((cpuSeconds(nodePid) - ofNode) / samples) * 1e6,
  };
  process.send?.(sealed);
} finally {
  await keeper.close();
  await session.close();
}
process.disconnect();
