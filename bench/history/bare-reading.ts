import type { SensorAddress } from '@katbus/protocol';
import { DataDirectory } from '../../packages/store/src/backend/sqlite/data-directory.ts';
import { HistoryReader } from '../../packages/store/src/backend/sqlite/history-reader.ts';

export interface BareReading {
  readonly samples: number;
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
}

/** Reads and decodes the times and numbers of all samples, and adds them up: the best of three times. */
export function bareReading(
  directory: string,
  sensors: readonly SensorAddress[],
  start: number,
  end: number,
): BareReading {
  const runs = [1, 2, 3].map(() => readOnce(directory, sensors, start, end));
  return runs.sort((a, b) => a.cpuMilliseconds - b.cpuMilliseconds)[0]!;
}

function readOnce(
  directory: string,
  sensors: readonly SensorAddress[],
  start: number,
  end: number,
): BareReading {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  const reader = new HistoryReader(new DataDirectory(directory));
  let samples = 0;
  let sum = 0;
  for (const address of sensors) {
    for (const { block } of reader.pieces(address, start * 1e6, end * 1e6)) {
      if (block === undefined) throw new Error('nobody asked for summaries');
      const { timesUs, numbers, length } = block;
      for (let row = 0; row < length; row++) sum += numbers[row]! + timesUs[row]!;
      samples += length;
    }
  }
  reader.close();
  if (!Number.isFinite(sum)) throw new Error('a sample is no number');
  const { user, system } = process.cpuUsage(before);
  return { samples, milliseconds: performance.now() - startedMs, cpuMilliseconds: (user + system) / 1_000 };
}
