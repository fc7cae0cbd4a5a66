import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatAddress } from '@katbus/protocol';
import { StoreError, type WriteBatch, type WriteSummary } from '@katbus/store';
import { CassandraBackend } from '../packages/store/src/backend/cassandra/cassandra-backend.ts';
import type { LayoutName } from '../packages/store/src/backend/cassandra/layout.ts';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import type { BareRead } from './cassandra/bare-rows.ts';
import { BenchNode } from './cassandra/bench-node.ts';
import { addressesOf, writeDay, type PointingDay } from './history/pointing-day.ts';
import type { Question } from './history/reader.ts';
import { ServedArchive } from './history/served-archive.ts';
import { BenchReport, type Figure } from './support/bench-report.ts';
import { Child } from './support/child.ts';

/*
 * What MeerKAT's astronomers asked for, as bench/history.ts, out of Cassandra: two coordinates of 64 dishes over 24 h at 1 Hz, 11 million samples,
 * delivered to a client as bins through store, nats-server and portal. The peer of the layout `rows` is a bare loop of the driver over the same
 * partitions.
 *
 * 1,000 bins from summaries are those of three hours, of all sensors together; 1,000 bins of each sensor have to be decoded.
 *
 * First the node is started anew, and the kernel's copies of its files are dropped where dd can do so: cold. `--hours`: less than a day.
 * `--layouts rows`: only those.
 */
const { values: options } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    layouts: { type: 'string', default: 'chunks,rows' },
    heap: { type: 'string', default: '4G' },
  },
});
const WARM_RUNS = 3;
const DAY_SECONDS = 86_400;
const WRITTEN_AT_ONCE = 200_000;
/** Sealed as soon as the layout allows: arrival has to be over for 130 s. */
const SOON = { sealEverySeconds: 10, sealAfterSeconds: 130, verifyAfterSeconds: 0 } as const;

const start = Math.floor(Date.now() / 1000 / DAY_SECONDS - 3) * DAY_SECONDS;
const day: PointingDay = { dishes: 64, start, seconds: Math.round(Number(options.hours) * 3_600) };
const sensors = addressesOf(day).map(formatAddress);
const samples = sensors.length * day.seconds;
const end = start + day.seconds;
const columns = ['count', 'min', 'max', 'mean'] as const;
const MINUTES = { start, end, widthSeconds: 60, columns };
const THOUSAND = { start, end, bins: 1_000, columns };
/** Of three hours each, a thousand of all sensors together: chunks of an hour lie in one of them. */
const SUMMED = { start, end, widthSeconds: 10_800, columns };

const report = new BenchReport('cassandra-history');
const add = (figure: Figure) => {
  const { metric, value, unit } = report.add(figure);
  console.error(`${metric}: ${Number(value.toPrecision(4))} ${unit}`);
};
await using folder = await temporaryFolder('bench-cassandra-history');
let node = await BenchNode.start(join(folder.path, 'cassandra'), options.heap);
try {
  for (const layout of options.layouts.split(',') as LayoutName[]) {
    console.error(`${layout}: writing ${samples} samples`);
    await prepare(layout);
    node = await node.startedAnew();
    await measure(layout);
    await node.drop(keyspaceOf(layout));
  }
} finally {
  await node.stop();
}
await report.finish();

function keyspaceOf(layout: LayoutName): string {
  return `history_${layout}`;
}

async function prepare(layout: LayoutName): Promise<void> {
  const backend = await CassandraBackend.open({
    cassandra: { contactPoints: [node.contactPoint], keyspace: keyspaceOf(layout) },
    layout,
    chunks: SOON,
  });
  try {
    const startedMs = performance.now();
    await writeDay({ write: (batch) => written(backend, batch) }, day, WRITTEN_AT_ONCE);
    const seconds = (performance.now() - startedMs) / 1_000;
    add({ metric: `${layout}, written`, value: Math.round(samples / seconds), unit: 'samples/s' });
    if (layout !== 'chunks') return;
    console.error('waiting until they may be sealed');
    await delay((SOON.sealAfterSeconds + SOON.sealEverySeconds) * 1_000);
    const sealingMs = performance.now();
    const cpu = process.cpuUsage();
    await backend.keep(Date.now());
    const { user, system } = process.cpuUsage(cpu);
    add({ metric: 'sealed', value: (performance.now() - sealingMs) / 1_000, unit: 's' });
    add({ metric: 'CPU of sealing', value: (user + system) / samples, unit: 'us/sample' });
  } finally {
    await backend.close();
  }
}

/** As the archiver does: what was not answered in time is written again. */
async function written(backend: CassandraBackend, batch: WriteBatch): Promise<WriteSummary> {
  for (;;) {
    try {
      return await backend.write(batch);
    } catch (error) {
      if (!(error instanceof StoreError) || !error.isRetryable) throw error;
      await delay(1_000);
    }
  }
}

async function measure(layout: LayoutName): Promise<void> {
  const words = ['--backend', 'cassandra', '--layout', layout, '--cassandra', node.contactPoint];
  const place = join(folder.path, layout);
  await using served = await ServedArchive.start(
    place,
    [...words, '--keyspace', keyspaceOf(layout), '--data', place],
    { Cassandra: node.pid },
  );
  const ask = async (name: string, params: Question['params'], lanes: number, bound?: number) => {
    const runs = [];
    for (let run = 0; run <= WARM_RUNS; run++)
      runs.push(await served.ask({ params, sensors, lanes }, samples));
    const [cold, ...warm] = runs;
    const best = warm.toSorted((a, b) => a.reading.milliseconds - b.reading.milliseconds)[0]!;
    const limit = bound === undefined ? {} : { bound: { atMost: bound } };
    const value = cold!.reading.milliseconds / 1_000;
    add({ metric: `${layout}, ${name}, cold`, value, unit: 's', ...limit });
    add({
      metric: `${layout}, ${name}, warm, best of ${WARM_RUNS}`,
      value: best.reading.milliseconds / 1_000,
      unit: 's',
      ...limit,
    });
    for (const [process, seconds] of Object.entries(best.cpu))
      add({ metric: `  CPU of ${process}`, value: seconds, unit: 's' });
    return best;
  };
  if (layout === 'chunks') {
    await ask('one-minute bins', MINUTES, 2, 10);
    await ask('1,000 bins from summaries', SUMMED, 2, 1);
    await ask('1,000 bins of each sensor', THOUSAND, 2);
    return;
  }
  // One lane and one loop: one core each.
  const ours = await ask('one-minute bins', MINUTES, 1);
  const bare = await bareRead(layout);
  add({ metric: 'bare loop of the driver', value: bare.milliseconds / 1_000, unit: 's' });
  add({
    metric: `${layout}, one-minute bins, warm, one lane`,
    value: ours.reading.milliseconds / 1_000,
    unit: 's',
    peer: { name: 'bare loop', value: bare.milliseconds / 1_000 },
    bound: { atMost: 1.3 },
  });
  add({
    metric: `${layout}, CPU of the store`,
    value: ours.cpu.store!,
    unit: 's',
    peer: { name: 'bare loop', value: bare.cpuMilliseconds / 1_000 },
    bound: { atMost: 1.3 },
  });
}

/** The best of as many runs. */
async function bareRead(layout: LayoutName): Promise<BareRead> {
  const runs: BareRead[] = [];
  for (let run = 0; run < WARM_RUNS; run++) {
    const child = new Child<never, BareRead>(new URL('./cassandra/bare-rows.ts', import.meta.url), [
      ...['--node', node.contactPoint, '--keyspace', keyspaceOf(layout)],
    ]);
    const read = await child.answer('read');
    await child.end();
    if (read.rows !== samples) throw new Error(`${read.rows} rows are there, not ${samples}`);
    runs.push(read);
  }
  return runs.toSorted((a, b) => a.milliseconds - b.milliseconds)[0]!;
}
