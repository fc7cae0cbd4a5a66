import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setupBus } from '@katbus/bus';
import { BusConnection, KvBucket } from '@katbus/bus/nats';
import { startNatsServer } from '@katbus/cli/nats-server';
import { POLICY_BUCKET, THROTTLE_POLICY_KEY, type PolicyRule } from '@katbus/protocol';
import { BenchReport } from './support/bench-report.ts';
import { median } from './support/median.ts';
import { COMPONENT } from './broker/component.ts';

/*
 * What a component pays for its broker: an update that the throttle drops, the memory of the throttle, and a sample from `update()` to its
 * acknowledgement. Each part is a process of its own; all figures are processor time, which a busy machine disturbs less than the clock.
 *
 * `--quick`: fewer rounds, for a look.
 */
const isQuick = process.argv.includes('--quick');
const [ROUNDS, SAMPLES, PAIRS] = isQuick ? [5, 60_000, 1] : [15, 300_000, 5];
const PARTS = join(import.meta.dirname, 'broker');
/** As many as one component of a large observatory has. */
const SENSORS_OF_A_COMPONENT = 5_000;
const MOST_SENSORS = 200_000;

const folder = await mkdtemp(join(tmpdir(), 'katbus-bench-'));
const server = await startNatsServer({ storeDirectory: folder, port: 0, monitoringPort: 0 });
const report = new BenchReport('broker');
try {
  const connection = await BusConnection.connect({ servers: server.url, name: 'bench' });
  await setupBus(connection, { settings: {} });
  const bucket = await KvBucket.open(connection, POLICY_BUCKET);

  // So that nothing is let out once each sensor has sent its first value.
  await apply(bucket, { archiveIntervalSeconds: 1e6, normalIntervalSeconds: 0, deadBand: 1 });
  await droppedUpdates(SENSORS_OF_A_COMPONENT, { atMost: 200 });
  await droppedUpdates(MOST_SENSORS);
  await throttleState();
  await apply(bucket, { archiveIntervalSeconds: 0 });
  await publishing();
  await connection.close();
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
await report.finish();

/** Two hundred rules as an observatory has them, of which the last is the one that holds. */
async function apply(bucket: KvBucket, last: Omit<PolicyRule, 'match'>): Promise<void> {
  const others = Array.from({ length: 199 }, (_, n): PolicyRule => {
    const match = n % 2 === 0 ? `m${n}.{ap,rsc}.*` : `${COMPONENT}.m*.none_${n}.*`;
    return { match, archiveIntervalSeconds: n };
  });
  await bucket.put(THROTTLE_POLICY_KEY, JSON.stringify([...others, { match: `${COMPONENT}.*`, ...last }]));
}

async function droppedUpdates(sensors: number, bound?: { atMost: number }): Promise<void> {
  const part = await run<{ dropped: number; held: number }>('dropped-updates.ts', [sensors, ROUNDS]);
  const limit = bound === undefined ? {} : { bound };
  report.add({
    metric: `update within the dead band, ${sensors} sensors`,
    value: part.dropped,
    unit: 'ns',
    ...limit,
  });
  report.add({ metric: `update that is held, ${sensors} sensors`, value: part.held, unit: 'ns' });
}

async function throttleState(): Promise<void> {
  const part = await run<{ throttleBytes: number; wholeBytes: number }>(
    'throttle-state.ts',
    [MOST_SENSORS],
    ['--expose-gc'],
  );
  report.add({
    metric: `throttle state of a sensor, ${MOST_SENSORS} sensors`,
    value: part.throttleBytes,
    unit: 'B',
    bound: { atMost: 200 },
  });
  report.add({ metric: 'the same with names and attributes', value: part.wholeBytes, unit: 'B' });
}

async function publishing(): Promise<void> {
  const figures = { broker: [] as number[], peer: [] as number[], lean: [] as number[] };
  const microseconds = async (part: string, ...more: (number | string)[]) =>
    (await run<{ microseconds: number }>(part, [SENSORS_OF_A_COMPONENT, SAMPLES, ...more])).microseconds;
  // By turns, so that what else the machine does meets all of them.
  for (let pair = 0; pair < PAIRS; pair += 1) {
    figures.broker.push(await microseconds('publishing.ts'));
    figures.peer.push(await microseconds('jetstream-peer.ts'));
    figures.lean.push(await microseconds('jetstream-peer.ts', 'lean'));
  }
  const value = median(figures.broker);
  report.add({
    metric: 'update() to acknowledgement',
    value,
    unit: 'us CPU',
    peer: { name: 'js.publish', value: median(figures.peer) },
    bound: { atMost: 0.2 },
  });
  report.add({
    metric: 'update() to acknowledgement',
    value,
    unit: 'us CPU',
    peer: { name: 'js.publish, noAsyncTraces', value: median(figures.lean) },
  });
}

async function run<Result>(
  part: string,
  words: readonly (number | string)[],
  nodeOptions: readonly string[] = [],
): Promise<Result> {
  const commandLine = [...nodeOptions, join(PARTS, part), server.url, ...words.map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, commandLine, { timeout: 600_000 });
  return JSON.parse(stdout) as Result;
}
