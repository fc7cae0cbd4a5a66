import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startNatsServer } from '@katbus/cli/nats-server';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { BenchNode } from './cassandra/bench-node.ts';
import type { Loaded } from './cassandra/plain-loader.ts';
import type { Sealed } from './cassandra/sealing.ts';
import { SteadySamples } from './cassandra/steady-samples.ts';
import { BenchReport } from './support/bench-report.ts';
import { Child, startDaemon } from './support/child.ts';
import { freePort } from '../tools/free-ports.ts';
import { median } from './support/median.ts';
import { cpuSeconds, residentBytes } from './support/process-usage.ts';
import { shuffledSensors } from './support/shuffled-sensors.ts';

/**
 * The live shape of an observatory on the layout `chunks`: 200,000 sensors, each archived every ten seconds, for ten minutes (`--minutes`). How
 * far the archive lags behind, and what a sample costs the store and the node, beside single inserts on the same node; then what sealing costs.
 */
const SENSORS = 200_000;
const SAMPLES_A_SECOND = 20_000;
const MOST_LAG_SECONDS = 5;
const LOOK_EACH_MS = 250;
const SINGLE_ROWS = 100_000;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    heap: { type: 'string', default: '4G' },
    data: { type: 'string' },
  },
});
const seconds = 60 * Number(options.minutes);

const report = new BenchReport('cassandra-live');
await using folder = await temporaryFolder('bench-cassandra-live');
const home = options.data ?? folder.path;
const node = await BenchNode.start(join(home, 'cassandra'), options.heap);
try {
  const single = await singleInserts();
  await node.quiet();
  await live(single.cpuUs + single.nodeCpuUs);
  await node.quiet();
  await seal();
} finally {
  await node.stop();
}
await report.finish();

async function singleInserts(): Promise<Loaded> {
  const loaded = await inChild<Loaded, 'loaded'>('plain-loader', 'loaded', {
    keyspace: 'bench_single',
    rows: SINGLE_ROWS,
    sensors: 2_000,
    rowsPerBatch: 1,
    inFlight: 256,
  });
  await node.drop('bench_single');
  report.add({ metric: 'CPU of the loader, single inserts', value: loaded.cpuUs, unit: 'us/row' });
  report.add({ metric: 'CPU of the node, single inserts', value: loaded.nodeCpuUs, unit: 'us/row' });
  return loaded;
}

async function live(singleUs: number): Promise<void> {
  const storeDirectory = join(home, 'nats');
  const nats = await startNatsServer({ port: 0, monitoringPort: 0, storeDirectory });
  const port = await freePort();
  const metricsUrl = `http://127.0.0.1:${port}/metrics`;
  const words = ['--nats', nats.url, '--monitoring-port', String(port), '--data', join(home, 'store')];
  const cassandra = ['--backend', 'cassandra', '--layout', 'chunks', '--cassandra', node.contactPoint];
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  const steady = await SteadySamples.begin(nats.url, shuffledSensors(SENSORS));
  const store = await startDaemon(['store', ...words, ...cassandra, '--keyspace', 'bench_live'], readyUrl);
  try {
    await stored(metricsUrl, 0);
    await node.quiet();
    const lags: number[] = [];
    const before = { store: cpuSeconds(store.pid), node: cpuSeconds(node.pid) };
    const over = new AbortController();
    const watching = watch(metricsUrl, steady, lags, over.signal);
    await steady.run(SAMPLES_A_SECOND, seconds);
    await stored(metricsUrl, steady.published);
    over.abort();
    await watching;
    const us = (since: number, pid: number) => ((cpuSeconds(pid) - since) / steady.published) * 1e6;
    const ofStore = us(before.store, store.pid);
    const ofNode = us(before.node, node.pid);
    report.add({
      metric: `lag at ${SAMPLES_A_SECOND.toLocaleString('en')} samples/s, longest`,
      value: Math.max(...lags) / 1_000,
      unit: 's',
      bound: { atMost: MOST_LAG_SECONDS },
    });
    report.add({ metric: 'lag, median', value: median(lags) / 1_000, unit: 's' });
    report.add({ metric: 'CPU of the store', value: ofStore, unit: 'us/sample' });
    report.add({ metric: 'CPU of the node', value: ofNode, unit: 'us/sample' });
    report.add({
      metric: 'CPU of both',
      value: ofStore + ofNode,
      unit: 'us/sample',
      peer: { name: 'single inserts', value: singleUs },
    });
    const mib = Math.round(residentBytes(store.pid) / 1024 ** 2);
    report.add({ metric: 'memory of the store', value: mib, unit: 'MiB' });
  } finally {
    await store.end();
    await steady.close();
    await nats.kill();
  }
}

async function seal(): Promise<void> {
  const sealed = await inChild<Sealed, 'sealed'>('sealing', 'sealed', { keyspace: 'bench_live' });
  report.add({ metric: 'sealing', value: Math.round(sealed.samples / sealed.seconds), unit: 'samples/s' });
  report.add({ metric: 'samples a chunk', value: sealed.samples / sealed.chunks, unit: '' });
  report.add({ metric: 'CPU of the keeper', value: sealed.cpuUs, unit: 'us/sample' });
  report.add({ metric: 'CPU of the node, sealing', value: sealed.nodeCpuUs, unit: 'us/sample' });
}

async function inChild<Answer extends { readonly type: Type }, Type extends string>(
  name: string,
  type: Type,
  work: object,
): Promise<Answer> {
  const told = { contactPoint: node.contactPoint, nodePid: node.pid, ...work };
  const file = new URL(`./cassandra/${name}.ts`, import.meta.url);
  const child = new Child<never, Answer>(file, ['--work', JSON.stringify(told)]);
  const answer = (await child.answer(type)) as Answer;
  await child.end();
  return answer;
}

/** Notes how old the oldest sample is that is not stored yet. */
async function watch(
  metricsUrl: string,
  steady: SteadySamples,
  lags: number[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    lags.push(steady.ageOfNext(await samplesThrough(metricsUrl)));
    await delay(LOOK_EACH_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits until all attributes and so many samples are stored. */
async function stored(metricsUrl: string, samples: number): Promise<void> {
  while ((await samplesThrough(metricsUrl)) < samples) await delay(LOOK_EACH_MS);
}

/** How many samples are stored without a gap; below 0 while the attributes before them are not. */
async function samplesThrough(metricsUrl: string): Promise<number> {
  const text = await (await fetch(metricsUrl)).text();
  const through = /^katbus_store_floor_sequence (\d+)$/m.exec(text)?.[1];
  return Number(through ?? 0) - SENSORS;
}
