import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startNatsServer } from '@katbus/cli/nats-server';
import { wallClockUs } from '@katbus/protocol';
import { temporaryFolder } from '../test/support/temporary-folder.ts';
import { fillBacklog } from './support/backlog.ts';
import { readBacklog, type BacklogReading } from './support/backlog-reading.ts';
import { bareLoop } from './support/bare-loop.ts';
import { BenchReport } from './support/bench-report.ts';
import { median } from './support/median.ts';
import { shuffledSensors } from './support/shuffled-sensors.ts';

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
async function archived(count: number, folder: string): Promise<BacklogReading[]> {
  const nats = await startNatsServer({ port: 0, monitoringPort: 0, storeDirectory: join(folder, 'nats') });
  try {
    const startUs = wallClockUs() - samples;
    const sensors = shuffledSensors(count);
    await fillBacklog(nats.url, { sensors, samples, timeUs: (place) => startUs + place });
    const results: BacklogReading[] = [];
    for (let round = 0; round < rounds; round++) {
      const words = ['--data', join(folder, `store-${round}`)];
      results.push(await readBacklog(nats.url, { words, samples }));
    }
    return results;
  } finally {
    await nats.kill();
  }
}
