import { createLogger } from '@katbus/bus/daemon';
import { wallClockUs, type SensorAddress } from '@katbus/protocol';
import { MemoryBackend } from '@katbus/store';
import { SampleBatch } from '../../packages/store/src/backend/sample-batch.ts';
import { ReportTallies } from '../../packages/store/src/report/report-tallies.ts';
import { shuffledSensors } from '../support/shuffled-sensors.ts';

/** What the archiver writes at once, into Cassandra and into files. */
const BATCH_SAMPLES = [200_000, 20_000] as const;
/** Until code is compiled. */
const WARM_UP_SAMPLES = 400_000;
const SUMMARY = { newSensors: 0, changedAttributes: 0, quarantineDropped: 0 } as const;

export interface CountingCost {
  readonly batchSamples: number;
  /** Processor time of the archiver's thread. */
  readonly sampleNs: number;
  /** Of writing what has changed, a minute's: that of all sensors. */
  readonly writingMs: number;
}

/** What it costs the archiver to count samples of so many sensors in any order for reports. */
export async function countingCosts(sensors: number, samples: number): Promise<CountingCost[]> {
  const costs: CountingCost[] = [];
  for (const batchSamples of BATCH_SAMPLES) costs.push(await countingCost(sensors, samples, batchSamples));
  return costs;
}

async function countingCost(sensors: number, samples: number, batchSamples: number): Promise<CountingCost> {
  const logger = createLogger({ name: 'bench', level: 'error', format: 'json' });
  const backend = new MemoryBackend();
  const tallies = await ReportTallies.open({ backend, logger, isActive: () => true });
  const source = new Batches(sensors, batchSamples);
  const count = (samples: number): number => {
    let us = 0;
    for (let done = 0; done < samples; done += batchSamples) {
      const batch = source.next();
      const before = process.threadCpuUsage();
      tallies.stored({ samples: batch, attributes: [], quarantine: [], last: undefined }, SUMMARY, []);
      const { user, system } = process.threadCpuUsage(before);
      us += user + system;
    }
    return us;
  };
  count(Math.max(WARM_UP_SAMPLES, 2 * sensors));
  const counted = Math.ceil(samples / batchSamples) * batchSamples;
  const sampleNs = (1_000 * count(counted)) / counted;
  const before = process.threadCpuUsage();
  await tallies.close();
  const { user, system } = process.threadCpuUsage(before);
  await backend.close();
  return { batchSamples, sampleNs, writingMs: (user + system) / 1_000 };
}

/** As they come from the stream: each sensor once in ten seconds, in an order that is random and the same each time. */
class Batches {
  readonly #addresses: readonly SensorAddress[];
  readonly #samples: number;
  readonly #numbering = { addressOf: (number: number) => this.#addresses[number]! };
  readonly #fromUs = wallClockUs() - 86_400e6;
  #next = 0;

  constructor(sensors: number, samples: number) {
    this.#addresses = shuffledSensors(sensors);
    this.#samples = samples;
  }

  next(): SampleBatch {
    const batch = new SampleBatch(this.#numbering, this.#samples);
    const sensors = this.#addresses.length;
    for (let i = 0; i < this.#samples; i++, this.#next++) {
      const round = Math.floor(this.#next / sensors);
      // Another order than that of their numbers: a prime step goes through all of them.
      const sensor = (this.#next * 7_919) % sensors;
      const timeUs = this.#fromUs + round * 10e6 + (this.#next % sensors) * 50;
      const message = { sequence: this.#next + 1, timestampUs: timeUs + 1_000 };
      batch.add(message, sensor, timeUs, timeUs - 1_500, 0, Math.sin(sensor + round));
    }
    return batch;
  }
}
