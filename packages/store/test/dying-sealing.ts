import { isMainThread } from 'node:worker_threads';
import { DriverSession } from '../src/backend/cassandra/session/driver-session.ts';

// Loaded before `katbus store`: in the thread that seals the journal it kills the process with kill -9 at a random point of that: mostly
// before or after some of the first chunks are written, else before or after the sealing of a shard, or of all, is recorded.
const MOST_WRITES = 12;
const CHUNKS = /^INSERT INTO chunks\b/u;
const SHARD = /^INSERT INTO sealed_shards\b/u;
const ALL = /^INSERT INTO sealed\b/u;

type Send = (cql: string, ...values: unknown[]) => Promise<unknown>;

const point = Math.random();
const statement = point < 0.6 ? CHUNKS : point < 0.8 ? SHARD : ALL;
const isBefore = Math.random() < 0.5;
let left = statement === CHUNKS ? 1 + Math.floor(Math.random() * MOST_WRITES) : 1;
let hasSealed = false;

function sending(send: Send): Send {
  return async function (this: DriverSession, cql, ...values) {
    hasSealed ||= CHUNKS.test(cql);
    // What had no samples is recorded as sealed as well.
    const isIt = hasSealed && statement.test(cql) && --left === 0;
    if (isIt && isBefore) process.kill(process.pid, 'SIGKILL');
    const answer = await send.call(this, cql, ...values);
    if (isIt) process.kill(process.pid, 'SIGKILL');
    return answer;
  };
}

if (!isMainThread) {
  const methods = DriverSession.prototype as unknown as Record<'execute' | 'batch', Send>;
  methods.execute = sending(methods.execute);
  methods.batch = sending(methods.batch);
}
