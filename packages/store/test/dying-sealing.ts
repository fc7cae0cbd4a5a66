import { isMainThread } from 'node:worker_threads';
import { SliceRegistry } from '../src/backend/cassandra/chunks/slice-registry.ts';
import { DriverSession } from '../src/backend/cassandra/session/driver-session.ts';

// Loaded before `katbus store`: in the thread that seals the journal it kills the process with kill -9 at a random point of that: mostly
// before or after one of the first batches of chunks (or of their buckets) is written, else before or after the sealing of a shard, or of all, is recorded.
const MOST_BATCHES = 20;

type Method = (...values: unknown[]) => Promise<unknown>;

let batchesWritten = 0;

/** Puts something around a method of all objects of a class. */
function around(owner: { prototype: object }, name: string, call: (act: () => Promise<unknown>) => unknown) {
  const methods = owner.prototype as Record<string, Method | undefined>;
  const method = methods[name];
  if (method === undefined) throw new Error(`there is no ${name} any more: have this test follow`);
  methods[name] = async function (...values) {
    return call(() => method.apply(this, values));
  };
}

/** Dies before or after the call, when its turn has come. */
function dyingWhen(hasCome: () => boolean) {
  const isBefore = Math.random() < 0.5;
  return async (act: () => Promise<unknown>) => {
    const isIt = hasCome();
    if (isIt && isBefore) process.kill(process.pid, 'SIGKILL');
    const answer = await act();
    if (isIt) process.kill(process.pid, 'SIGKILL');
    return answer;
  };
}

if (!isMainThread) {
  const point = Math.random();
  const last = point < 0.6 ? 1 + Math.floor(Math.random() * MOST_BATCHES) : Infinity;
  around(
    DriverSession,
    'batch',
    dyingWhen(() => ++batchesWritten === last),
  );
  // What had no samples is recorded as sealed as well.
  const hasSealed = () => last === Infinity && batchesWritten > 0;
  if (last === Infinity)
    around(SliceRegistry, point < 0.8 ? 'sealShard' : 'sealThrough', dyingWhen(hasSealed));
}
