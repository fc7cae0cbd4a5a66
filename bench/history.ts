import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatAddress } from '@katbus/protocol';
import { SqliteBackend } from '@katbus/store';
import { bareReading } from './history/bare-reading.ts';
import { addressesOf, writeDay, type PointingDay } from './history/pointing-day.ts';
import type { Question } from './history/reader.ts';
import { ServedArchive, type AnsweredQuestion } from './history/served-archive.ts';
import { BenchReport } from './support/bench-report.ts';

/*
 * What MeerKAT's astronomers asked for (Katstore, ICALEPCS 2017, TUBPA06): the target coordinates of 64 dishes over 24 h, recorded at 1 Hz: two
 * coordinates, 11 million samples, read from a closed day in the store and delivered to a client as bins, through nats-server, store and portal,
 * each a process of its own. The peer reads and decodes the same chunks in a bare loop, and makes and delivers nothing.
 *
 * `--quick`: an hour instead of a day. `--data <folder>`: the archive is kept there, and taken from there when it is there already.
 */
const isQuick = process.argv.includes('--quick');
const dataOption = process.argv[process.argv.indexOf('--data') + 1];
const keptFolder =
  process.argv.includes('--data') && dataOption !== undefined ? resolve(dataOption) : undefined;

const DAY_SECONDS = 86_400;
const WARM_RUNS = 3;

/** Long over: nobody writes into it. */
const start = Math.floor(Date.now() / 1000 / DAY_SECONDS - 3) * DAY_SECONDS;
const day: PointingDay = { dishes: 64, start, seconds: isQuick ? 3_600 : DAY_SECONDS };
const sensors = addressesOf(day);
const samples = sensors.length * day.seconds;
const end = start + day.seconds;

const report = new BenchReport('history');
const folder = keptFolder ?? (await mkdtemp(join(tmpdir(), 'katbus-history-')));
const data = join(folder, 'store');
try {
  if (!existsSync(data)) await prepare();
  const bare = bareReading(data, sensors, start, end);
  if (bare.samples !== samples)
    throw new Error(`the archive has ${bare.samples} samples instead of ${samples}`);
  await measure(bare.milliseconds, bare.cpuMilliseconds);
} finally {
  if (keptFolder === undefined) await rm(folder, { recursive: true });
}
await report.finish();

async function prepare(): Promise<void> {
  const startedMs = performance.now();
  const backend = await SqliteBackend.open({ directory: data });
  const written = await writeDay(backend, day);
  const writtenMs = performance.now();
  const closing = await backend.closeDay(start / DAY_SECONDS);
  const closedMs = performance.now();
  const { bytes } = await backend.statistics();
  await backend.close();
  if (closing === undefined) throw new Error('the day was not closed');
  report.add({ metric: 'samples', value: written, unit: 'samples' });
  report.add({ metric: 'written by day', value: Math.round((writtenMs - startedMs) / 1_000), unit: 's' });
  report.add({ metric: 'day closed', value: Math.round((closedMs - writtenMs) / 1_000), unit: 's' });
  report.add({ metric: 'size of the archive', value: bytes / written, unit: 'bytes a sample' });
}

async function measure(bareMs: number, bareCpuMs: number): Promise<void> {
  await using served = await ServedArchive.start(folder, ['--data', data]);
  const ask = async (name: string, question: Question, bound: number) => {
    const runs: AnsweredQuestion[] = [];
    for (let run = 0; run <= WARM_RUNS; run++) runs.push(await served.ask(question, samples));
    const [cold, ...warm] = runs;
    const best = warm.toSorted((a, b) => a.reading.milliseconds - b.reading.milliseconds)[0]!;
    const seconds = (milliseconds: number) => milliseconds / 1_000;
    report.add({
      metric: `${name}, first time`,
      value: seconds(cold!.reading.milliseconds),
      unit: 's',
      bound: { atMost: bound },
    });
    report.add({
      metric: `${name}, again, best of ${WARM_RUNS}`,
      value: seconds(best.reading.milliseconds),
      unit: 's',
      bound: { atMost: bound },
    });
    const total = Object.values(best.cpu).reduce((sum, each) => sum + each, 0);
    report.add({
      metric: `${name}, processor time of all`,
      value: total,
      unit: 's',
      peer: { name: 'bare loop', value: seconds(bareCpuMs) },
    });
    for (const [process, each] of Object.entries(best.cpu)) {
      report.add({ metric: `  of it ${process}`, value: each, unit: 's' });
    }
    report.add({ metric: '  bins', value: best.reading.bins, unit: 'bins' });
    report.add({ metric: '  pages', value: best.reading.pages, unit: 'pages' });
    report.add({ metric: '  first page after', value: best.reading.firstMilliseconds, unit: 'ms' });
  };
  report.add({ metric: 'bare loop over the same chunks', value: bareMs / 1_000, unit: 's' });
  const names = sensors.map(formatAddress);
  const columns = ['count', 'min', 'max', 'mean'] as const;
  const minutes = { params: { start, end, widthSeconds: 60, columns }, sensors: names, lanes: 2 };
  await ask('one-minute bins', minutes, 10);
  await ask('1,000 bins', { ...minutes, params: { start, end, bins: 1_000, columns } }, 1);
}
