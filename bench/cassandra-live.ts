import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startNatsServer } from '@katbus/cli/nats-server';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { BenchNode } from './cassandra/bench-node.ts';
import type { Loaded } from './cassandra/plain-loader.ts';
import { SteadySamples } from './cassandra/steady-samples.ts';
import { BenchReport } from './support/bench-report.ts';
import { Child, startDaemon } from './support/child.ts';
import { freePort } from '../tools/free-ports.ts';
import { median } from './support/median.ts';
import { cpuSeconds, residentBytes } from './support/process-usage.ts';
import { shuffledSensors } from './support/shuffled-sensors.ts';

const HELP = `The live shape of an observatory on the layout chunks: 200,000 sensors, each archived every ten seconds. How far the archive lags behind,
also while it seals, and what a sample costs the store and the node, beside single inserts on the same node.

Usage: npm run bench:cassandra:live -- [options]

  --minutes <number>   how long samples are published (default 10)
  --sensors <number>   default 200,000
  --rate <number>      samples a second (default 20,000)
  --seal-every <s>     the store seals its journal so often (default 300: once in ten minutes; in an observatory once an hour)
  --heap <size>        of the node, as Java has it (default 4G)
  --data <folder>      where everything lies (default a temporary one)`;

const MOST_LAG_SECONDS = 5;
const LOOK_EACH_MS = 250;
const LOOKS_A_LINE = 60;
const SINGLE_ROWS = 100_000;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    sensors: { type: 'string', default: '200000' },
    rate: { type: 'string', default: '20000' },
    'seal-every': { type: 'string', default: '300' },
    help: { type: 'boolean', short: 'h', default: false },
    heap: { type: 'string', default: '4G' },
    data: { type: 'string' },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit();
}
const seconds = 60 * Number(options.minutes);
const sensorCount = Number(options.sensors);
const samplesASecond = Number(options.rate);

const report = new BenchReport('cassandra-live');
await using folder = await temporaryFolder('bench-cassandra-live');
const home = options.data ?? folder.path;
const node = await BenchNode.start(join(home, 'cassandra'), options.heap);
try {
  const single = await singleInserts();
  await node.quiet();
  await live(single.cpuUs + single.nodeCpuUs);
} finally {
  await node.stop();
}
await report.finish();

async function singleInserts(): Promise<Loaded> {
  console.error('single inserts');
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
  const sealing = ['--seal-every-seconds', options['seal-every']];
  // Before anything is published: while it reads 200,000 announcements it need not be ready.
  const store = await startDaemon(
    ['store', ...words, ...cassandra, ...sealing, '--keyspace', 'bench_live'],
    readyUrl,
  );
  console.error(`announcing ${sensorCount} sensors`);
  const steady = await SteadySamples.begin(nats.url, shuffledSensors(sensorCount));
  try {
    await stored(metricsUrl, 0);
    await node.quiet();
    console.error(`publishing ${samplesASecond} samples/s for ${seconds} s`);
    const lags: number[] = [];
    const before = { store: cpuSeconds(store.pid), node: cpuSeconds(node.pid) };
    const over = new AbortController();
    const watching = watch(metricsUrl, steady, lags, over.signal);
    await steady.run(samplesASecond, seconds);
    await stored(metricsUrl, steady.published);
    over.abort();
    await watching;
    const us = (since: number, pid: number) => ((cpuSeconds(pid) - since) / steady.published) * 1e6;
    const ofStore = us(before.store, store.pid);
    const ofNode = us(before.node, node.pid);
    report.add({
      metric: `lag at ${samplesASecond.toLocaleString('en')} samples/s, longest`,
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
    const sealed = await metric(metricsUrl, 'katbus_store_cassandra_chunks_sealed_total');
    report.add({ metric: 'chunks sealed meanwhile', value: sealed ?? 0, unit: '' });
    const mib = Math.round(residentBytes(store.pid) / 1024 ** 2);
    report.add({ metric: 'memory of the store', value: mib, unit: 'MiB' });
  } finally {
    await store.end();
    await steady.close();
    await nats.kill();
  }
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
  for (let look = 1; !signal.aborted; look++) {
    if (look % LOOKS_A_LINE === 0)
      console.error(`${steady.published} published, lag ${Math.round(lags.at(-1)!)} ms`);
    lags.push(steady.ageOfNext(await samplesThrough(metricsUrl)));
    await delay(LOOK_EACH_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Waits until all attributes and so many samples are stored. */
async function stored(metricsUrl: string, samples: number): Promise<void> {
  for (let look = 1; ; look++) {
    const through = await samplesThrough(metricsUrl);
    if (through >= samples) return;
    if (look % LOOKS_A_LINE === 0) console.error(`${samples - through} messages are still to be stored`);
    await delay(LOOK_EACH_MS);
  }
}

/** How many samples are stored without a gap; below 0 while the attributes before them are not. */
async function samplesThrough(metricsUrl: string): Promise<number> {
  return ((await metric(metricsUrl, 'katbus_store_floor_sequence')) ?? 0) - sensorCount;
}

async function metric(metricsUrl: string, name: string): Promise<number | undefined> {
  const text = await (await fetch(metricsUrl)).text();
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}
