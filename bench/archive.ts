import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { AcknowledgedWindow, BusConnection, setupStreams } from '@katbus/bus/nats';
import { startNatsServer } from '@katbus/cli/nats-server';
import { attributesSubject, encodeSample, sensorSubject, wallClockUs } from '@katbus/protocol';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { bareLoop } from './support/bare-loop.ts';
import { BenchReport } from './support/bench-report.ts';
import { cpuSeconds } from './support/process-usage.ts';
import { freePort } from './support/free-port.ts';
import { median } from './support/median.ts';
import { shuffledSensors, type BenchSensor } from './support/shuffled-sensors.ts';

/**
 * How fast `katbus store` reads a backlog into SQLite: a process of its own, full sync, the stream filled before, publishers silent.
 * The sensors come in a random order, as those of many components do; each sample has another value.
 */
const SAMPLES_A_SECOND = 120_000;
const CASES = [5_000, 200_000];

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    samples: { type: 'string' },
    rounds: { type: 'string' },
  },
});
const samples = Number(options.samples ?? (options.quick ? 200_000 : 1_500_000));
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));

interface Round {
  readonly samplesASecond: number;
  readonly cpuUs: number;
}

const report = new BenchReport('archive');
for (const sensors of CASES) {
  const name = `${sensors.toLocaleString('en')} sensors`;
  await using folder = await temporaryFolder('bench-archive');
  const results = await archived(sensors, folder.path);
  const bare = bareLoop(join(folder.path, 'bare.db'), samples, sensors);
  const samplesASecond = Math.round(median(results.map((round) => round.samplesASecond)));
  report.add({
    metric: `archived, ${name}`,
    value: samplesASecond,
    unit: 'samples/s',
    bound: { atLeast: SAMPLES_A_SECOND },
  });
  report.add({
    metric: `archived, ${name}`,
    value: samplesASecond,
    unit: 'samples/s',
    peer: { name: 'bare loop', value: Math.round(bare.rowsASecond) },
  });
  report.add({
    metric: `CPU of the archiver, ${name}`,
    value: median(results.map(({ cpuUs }) => cpuUs)),
    unit: 'us/sample',
    peer: { name: 'bare loop', value: bare.cpuUs },
  });
}
await report.finish();

/** The backlog is made once and read by a new archive each round. */
async function archived(count: number, folder: string): Promise<Round[]> {
  const nats = await startNatsServer({ port: 0, monitoringPort: 0, storeDirectory: join(folder, 'nats') });
  try {
    const sensors = shuffledSensors(count);
    await fill(nats.url, sensors);
    const results: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      results.push(await readBacklog(nats.url, join(folder, `store-${round}`)));
    }
    return results;
  } finally {
    await nats.kill();
  }
}

/** Attributes of all, then the samples, through the acknowledged window. */
async function fill(url: string, sensors: readonly BenchSensor[]): Promise<void> {
  const connection = await BusConnection.connect({ servers: url, name: 'bench' });
  await setupStreams(connection);
  const window = new AcknowledgedWindow(connection);
  const publish = async (subject: string, payload: string, place: number) => {
    window.publish(subject, payload, 'archive', true);
    if (place % 500 === 0) await window.room();
  };
  for (const [place, { component, attributes }] of sensors.entries()) {
    await publish(attributesSubject(component), attributes, place);
  }
  const startUs = wallClockUs() - samples;
  for (let place = 0; place < samples; place++) {
    const sensor = sensors[(place * 7_919 + Math.floor(place / sensors.length) * 13) % sensors.length]!;
    const timeUs = startUs + place;
    const value = Math.round(1e6 * Math.sin(place)) / 1e3;
    const payload = encodeSample(sensor.name, timeUs, timeUs - 1_500, 'nominal', value);
    await publish(sensorSubject('archive', sensor), payload, place);
  }
  await window.flush(120_000);
  const { acknowledged, dropped, refused } = window.counters.archive;
  if (acknowledged !== samples + sensors.length || dropped + refused > 0)
    throw new Error('the backlog is not whole');
  window.close();
  await connection.close();
}

/** From the first sample that is stored until the last is. */
async function readBacklog(url: string, directory: string): Promise<Round> {
  const port = await freePort();
  const script = new URL('../packages/cli/src/main.ts', import.meta.url);
  const options = [
    '--nats',
    url,
    '--data',
    directory,
    '--monitoring-port',
    String(port),
    '--log-level',
    'warn',
  ];
  const store = fork(script, ['store', ...options], { stdio: 'inherit' });
  try {
    const begun = await progress(store, port, 1);
    const ended = await progress(store, port, samples);
    const stored = ended.samples - begun.samples;
    return {
      samplesASecond: stored / (ended.atSeconds - begun.atSeconds),
      cpuUs: ((ended.cpuSeconds - begun.cpuSeconds) / stored) * 1e6,
    };
  } finally {
    store.kill('SIGTERM');
    await once(store, 'exit');
  }
}

interface Progress {
  readonly samples: number;
  readonly atSeconds: number;
  readonly cpuSeconds: number;
}

async function progress(store: ChildProcess, port: number, least: number): Promise<Progress> {
  for (;;) {
    await delay(100);
    if (store.exitCode !== null) throw new Error('katbus store has ended');
    const response = await fetch(`http://127.0.0.1:${port}/metrics`).catch(() => undefined);
    const count = /^katbus_store_samples_total (\d+)$/m.exec((await response?.text()) ?? '')?.[1];
    if (Number(count ?? 0) < least) continue;
    return {
      samples: Number(count),
      atSeconds: performance.now() / 1000,
      cpuSeconds: cpuSeconds(store.pid!),
    };
  }
}
