import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SqliteBackend, type Backend } from '@katbus/store';
import { CassandraBackend } from '../packages/store/src/backend/cassandra/cassandra-backend.ts';
import { fillManySensors } from '../packages/store/test/report/many-sensors.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { BenchNode } from './cassandra/bench-node.ts';
import { AskedArchive, WAYS } from './reports/asked-archive.ts';
import { countingCosts } from './reports/counting.ts';
import { QUESTIONS } from './reports/questions.ts';
import { BenchReport } from './support/bench-report.ts';
import { median } from './support/median.ts';

/**
 * How long the reports of an archive of 100,000 sensors take, by the clock on the wall, asked on the bus and at the portal, each as the first call
 * after a restart of the store and again; and what counting for them costs the archiver. Processes of their own, on a machine that has nothing else to do.
 *
 * `--backends sqlite`, `--backends cassandra`: only that one. `--backends none`: only what counting costs.
 */
const MOST_MS = 300;
const MOST_COUNTING_NS = 100;
const COUNTED_SAMPLES = 2_000_000;
const COUNTED_SENSORS = 200_000;
const AGAIN = 7;

const { values: options } = parseArgs({
  options: {
    sensors: { type: 'string', default: '100000' },
    backends: { type: 'string', default: 'sqlite,cassandra' },
    heap: { type: 'string', default: '1G' },
  },
});
const sensors = Number(options.sensors);

const report = new BenchReport('reports');
await using folder = await temporaryFolder('bench-reports');
for (const { batchSamples, sampleNs, writingMs } of await countingCosts(COUNTED_SENSORS, COUNTED_SAMPLES)) {
  const metric = `counting, ${COUNTED_SENSORS} sensors, batches of ${batchSamples}`;
  report.add({ metric, value: sampleNs, unit: 'ns CPU/sample', bound: { atMost: MOST_COUNTING_NS } });
  report.add({ metric: '  writing what was counted of all of them', value: writingMs, unit: 'ms CPU' });
}
for (const backend of options.backends.split(',')) {
  if (backend === 'sqlite') await ofFiles();
  else if (backend === 'cassandra') await ofCassandra();
}
await report.finish();

async function ofFiles(): Promise<void> {
  const directory = join(folder.path, 'sqlite');
  await fill(await SqliteBackend.open({ directory }));
  await measure('sqlite', ['--data', directory]);
}

async function ofCassandra(): Promise<void> {
  const node = await BenchNode.start(join(folder.path, 'cassandra'), options.heap);
  try {
    const cassandra = { contactPoints: [node.contactPoint], keyspace: 'reports' };
    await fill(await CassandraBackend.open({ cassandra, layout: 'chunks' }));
    await node.quiet();
    const words = ['--backend', 'cassandra', '--cassandra', node.contactPoint, '--keyspace', 'reports'];
    await measure('cassandra', [...words, '--data', join(folder.path, 'data')]);
  } finally {
    await node.stop();
  }
}

async function fill(backend: Backend): Promise<void> {
  await backend.takeOver?.();
  await fillManySensors(backend, sensors);
  await backend.close();
}

async function measure(backend: string, storeWords: readonly string[]): Promise<void> {
  const place = join(folder.path, `${backend}-bus`);
  await mkdir(place, { recursive: true });
  await using archive = await AskedArchive.start(place, storeWords);
  for (const question of QUESTIONS) {
    for (const way of WAYS) {
      await archive.restart();
      const firstMs = await archive.ask(question, way);
      const before = archive.cpu;
      const againMs: number[] = [];
      for (let i = 0; i < AGAIN; i++) againMs.push(await archive.ask(question, way));
      const { store, portal } = archive.cpu;
      const cpuMs = (1_000 * (store - before.store + portal - before.portal)) / AGAIN;
      const metric = `${backend}, ${question.name}, ${way}`;
      const bound = { atMost: MOST_MS };
      console.error(`${metric}: ${firstMs.toFixed(0)} ms, then ${median(againMs).toFixed(0)} ms`);
      report.add({ metric: `${metric}, first`, value: firstMs, unit: 'ms', bound });
      report.add({ metric: '  again, the slowest', value: Math.max(...againMs), unit: 'ms', bound });
      report.add({ metric: '  CPU of store and portal', value: cpuMs, unit: 'ms' });
    }
  }
}
