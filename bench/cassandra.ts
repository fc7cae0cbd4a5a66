import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startNatsServer } from '@katbus/cli/nats-server';
import { wallClockUs } from '@katbus/protocol';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { BenchNode } from './cassandra/bench-node.ts';
import type { Loaded } from './cassandra/plain-loader.ts';
import type { SealedHour } from './cassandra/sealed-hour.ts';
import { fillBacklog } from './support/backlog.ts';
import { readBacklog, type BacklogReading } from './support/backlog-reading.ts';
import { BenchReport } from './support/bench-report.ts';
import { Child } from './support/child.ts';
import { timeShares } from './support/cpu-profile.ts';
import { shuffledSensors } from './support/shuffled-sensors.ts';

const HELP = `How fast katbus store reads a backlog into Cassandra, and how fast it seals an hour of its journal: a node, a nats-server and the store as
processes of their own on this machine, the stream filled before, publishers silent. Peers, on the same node in the same run: a loader that sends
rows that were built before in batches of one partition, and one that sends them one by one.

Usage: npm run bench:cassandra -- [options]

  --quick             a fifth of the samples, a tenth of the hour's sensors
  --samples <number>  of each backlog (default 5,000,000)
  --sensors <number>  only the backlog of 2000 or of 200000; 0: none of them
  --layout <name>     only rows or chunks
  --no-sealing        without the hour
  --profile           also tells where the archiver's processor time goes
  --heap <size>       of the node, as Java has it (default 4G)
  --data <folder>     where everything lies (default a temporary one)`;

const SAMPLES = 5_000_000;
const FEW_SENSORS = 2_000;
const MANY_SENSORS = 200_000;
/** A sensor of the backlog has a sample each second. */
const PERIOD_US = 1e6;
/** Of the hour that is sealed. */
const SEALED = { sensors: MANY_SENSORS, samplesASecond: 20_000 } as const;
/** An hour of so many sensors is sealed within six minutes. */
const SEALED_WITHIN_SECONDS = 360;
const LOADER_ROWS = 600_000;
const SINGLE_ROWS = 100_000;
/** Best on one node of two cores: STORAGE.md has the table. */
const LOADERS = [
  { rowsPerBatch: 100, inFlight: 32 },
  { rowsPerBatch: 1_000, inFlight: 16 },
] as const;
const SINGLES = { rowsPerBatch: 1, inFlight: 256 } as const;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    samples: { type: 'string' },
    sensors: { type: 'string' },
    layout: { type: 'string' },
    heap: { type: 'string', default: '4G' },
    data: { type: 'string' },
    'no-sealing': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit();
}
const samples = Number(options.samples ?? (options.quick ? SAMPLES / 5 : SAMPLES));

const report = new BenchReport('cassandra');
await using folder = await temporaryFolder('bench-cassandra');
const home = options.data ?? folder.path;
const node = await BenchNode.start(join(home, 'cassandra'), options.heap);
try {
  // A Java machine that was just started is several times slower: the first load is for that.
  await run('bench_warm', LOADER_ROWS, LOADERS[0]);
  const loaded: Loaded[] = [];
  for (const loader of LOADERS) loaded.push(await load('bench_plain', LOADER_ROWS, loader));
  const singles = await load('bench_single', SINGLE_ROWS, SINGLES);
  if (isWanted(FEW_SENSORS) && isLayout('rows'))
    await withBacklog(FEW_SENSORS, async (read) => {
      const rows = await read('rows');
      addReading('rows', FEW_SENSORS, rows);
      for (const [place, { rowsPerBatch }] of LOADERS.entries()) {
        report.add({
          metric: `rows, ${inWords(FEW_SENSORS)}`,
          value: Math.round(rows.samplesASecond),
          unit: 'samples/s',
          peer: {
            name: `loader, ${rowsPerBatch} rows a batch`,
            value: Math.round(loaded[place]!.rowsASecond),
          },
          bound: { atLeast: 0.5 },
        });
      }
      report.add({
        metric: `rows, ${inWords(FEW_SENSORS)}`,
        value: Math.round(rows.samplesASecond),
        unit: 'samples/s',
        peer: { name: 'single inserts', value: Math.round(singles.rowsASecond) },
        bound: { atLeast: 5 },
      });
      report.add({
        metric: `CPU of the archiver, rows, ${inWords(FEW_SENSORS)}`,
        value: rows.cpuUs,
        unit: 'us/sample',
        bound: { atMost: 7 },
      });
      if (options.profile) await read('rows', join(home, 'profile-rows'));
    });
  if (isWanted(MANY_SENSORS))
    await withBacklog(MANY_SENSORS, async (read) => {
      if (isLayout('rows')) addReading('rows', MANY_SENSORS, await read('rows'));
      if (!isLayout('chunks')) return;
      const chunks = await read('chunks');
      report.add({
        metric: `chunks, ${inWords(MANY_SENSORS)}`,
        value: Math.round(chunks.samplesASecond),
        unit: 'samples/s',
        bound: { atLeast: 150_000 },
      });
      addReading('chunks', MANY_SENSORS, chunks);
      if (options.profile) await read('chunks', join(home, 'profile-chunks'));
    });
  if (!options['no-sealing'] && isLayout('chunks')) await sealHour();
} finally {
  await node.stop();
}
await report.finish();

type Read = (layout: string, profileFolder?: string) => Promise<BacklogReading>;

/** A backlog is made once, and read by a new archive each time. */
async function withBacklog(count: number, measure: (read: Read) => Promise<void>): Promise<void> {
  const storeDirectory = join(home, `nats-${count}`);
  const nats = await startNatsServer({ port: 0, monitoringPort: 0, storeDirectory });
  try {
    const rounds = Math.ceil(samples / count);
    const startUs = wallClockUs() - rounds * PERIOD_US;
    console.error(`filling the stream with ${inWords(samples, 'samples')} of ${inWords(count)}`);
    const timeUs = (place: number) => startUs + Math.floor(place / count) * PERIOD_US + (place % count);
    await fillBacklog(nats.url, { sensors: shuffledSensors(count), samples, timeUs });
    await measure(async (layout, profileFolder) => {
      await node.quiet();
      const keyspace = `bench_${layout}`;
      console.error(`reading it into ${layout}`);
      const words = ['--backend', 'cassandra', '--layout', layout, '--cassandra', node.contactPoint];
      if (profileFolder !== undefined) await mkdir(profileFolder, { recursive: true });
      const reading = await readBacklog(nats.url, {
        words: [...words, '--keyspace', keyspace, '--data', join(home, keyspace)],
        samples,
        otherPid: node.pid,
        profileFolder,
      });
      await node.drop(keyspace);
      if (profileFolder !== undefined) await addProfile(profileFolder);
      return reading;
    });
  } finally {
    await nats.kill();
  }
}

interface Loading {
  readonly rowsPerBatch: number;
  readonly inFlight: number;
}

async function run(keyspace: string, rows: number, how: Loading): Promise<Loaded> {
  await node.quiet();
  const work = {
    contactPoint: node.contactPoint,
    nodePid: node.pid,
    keyspace,
    rows,
    sensors: FEW_SENSORS,
    ...how,
  };
  const child = new Child<never, Loaded>(new URL('./cassandra/plain-loader.ts', import.meta.url), [
    '--work',
    JSON.stringify(work),
  ]);
  const loaded = await child.answer('loaded');
  await child.end();
  await node.drop(keyspace);
  return loaded;
}

async function load(keyspace: string, rows: number, how: Loading): Promise<Loaded> {
  const loaded = await run(keyspace, rows, how);
  const name = how.rowsPerBatch === 1 ? 'single inserts' : `loader, ${how.rowsPerBatch} rows a batch`;
  console.error(`${name}: ${Math.round(loaded.rowsASecond)} rows/s`);
  report.add({ metric: name, value: Math.round(loaded.rowsASecond), unit: 'rows/s' });
  report.add({ metric: `CPU of the ${name}`, value: loaded.cpuUs, unit: 'us/row' });
  report.add({ metric: `CPU of the node, ${name}`, value: loaded.nodeCpuUs, unit: 'us/row' });
  return loaded;
}

/** In `--quick` a tenth of it, within a tenth of the time; the half minute before chunks are looked for again is the same. */
async function sealHour(): Promise<void> {
  await node.quiet();
  const share = options.quick ? 0.1 : 1;
  const shape = { sensors: SEALED.sensors * share, samplesASecond: SEALED.samplesASecond * share };
  console.error(`writing an hour of ${inWords(shape.sensors)} into the journal`);
  const work = { contactPoint: node.contactPoint, nodePid: node.pid, keyspace: 'bench_hour', ...shape };
  const child = new Child<never, SealedHour>(new URL('./cassandra/sealed-hour.ts', import.meta.url), [
    '--work',
    JSON.stringify(work),
  ]);
  const hour = await child.answer('sealed');
  await child.end();
  await node.drop('bench_hour');
  const waitSeconds = 30;
  report.add({ metric: 'CPU of the journal', value: hour.journalCpuUs, unit: 'us/sample' });
  report.add({ metric: 'CPU of the node, journal', value: hour.journalNodeCpuUs, unit: 'us/sample' });
  report.add({
    metric: `an hour of ${inWords(shape.sensors)} sealed`,
    value: hour.seconds,
    unit: 's',
    bound: { atMost: SEALED_WITHIN_SECONDS * share + (options.quick ? waitSeconds : 0) },
  });
  report.add({ metric: 'chunks of it', value: hour.chunks, unit: '' });
  report.add({ metric: 'CPU of the keeper', value: hour.cpuUsAChunk, unit: 'us/chunk' });
  report.add({ metric: 'CPU of the node, sealing', value: hour.nodeCpuUsAChunk, unit: 'us/chunk' });
  report.add({ metric: 'most memory of the keeper', value: Math.round(hour.mostMemoryMib), unit: 'MiB' });
}

function addReading(layout: string, sensors: number, reading: BacklogReading): void {
  const name = `${layout}, ${inWords(sensors)}`;
  console.error(`${name}: ${Math.round(reading.samplesASecond)} samples/s, ${reading.cpuUs.toFixed(2)} us`);
  report.add({ metric: name, value: Math.round(reading.samplesASecond), unit: 'samples/s' });
  report.add({ metric: `CPU of the archiver, ${name}`, value: reading.cpuUs, unit: 'us/sample' });
  report.add({ metric: `CPU of the node, ${name}`, value: reading.otherCpuUs, unit: 'us/sample' });
}

function isWanted(sensors: number): boolean {
  return options.sensors === undefined || Number(options.sensors) === sensors;
}

function isLayout(layout: string): boolean {
  return options.layout === undefined || options.layout === layout;
}

/** Parts of the archiver's main thread, by the time that they take themselves: shares, since on a busy machine V8 counts waiting for a processor too. */
async function addProfile(folder: string): Promise<void> {
  for (const { part, percent } of (await timeShares(folder)).slice(0, 15)) {
    report.add({ metric: `profile of the archiver: ${part}`, value: percent, unit: '%' });
  }
}

function inWords(count: number, what = 'sensors'): string {
  return `${count.toLocaleString('en')} ${what}`;
}
