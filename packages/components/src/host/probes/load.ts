import { availableParallelism, loadavg } from 'node:os';
import { readdir, readFile } from 'node:fs/promises';
import type { SensorDefinition } from '@katbus/bus';
import { numberAt, rowsOf } from '../kernel-table.ts';
import type { KernelFiles, Probe, Reading } from '../probe.ts';
import { statusAbove, THRESHOLDS } from '../thresholds.ts';

const AVERAGES = [
  ['load.1min', 'a minute'],
  ['load.5min', '5 minutes'],
  ['load.15min', '15 minutes'],
] as const;

/** How much work waits for the processor, and on Linux how many processes there are. Windows has no load average. */
export class LoadProbe implements Probe {
  readonly name = 'load';
  private readonly kernel: KernelFiles | undefined;
  private readonly hasAverages: boolean;

  constructor(kernel: KernelFiles | undefined, platform: NodeJS.Platform) {
    this.kernel = kernel;
    this.hasAverages = platform !== 'win32';
  }

  sensors(): SensorDefinition[] {
    const averages = AVERAGES.map(([name, span]): SensorDefinition => ({
      name,
      type: 'float',
      description: `Tasks that run or wait for the processor or a disk, averaged over ${span}`,
    }));
    const processes: SensorDefinition[] = [
      { name: 'processes.total', type: 'integer', description: 'Processes that there are' },
      { name: 'processes.running', type: 'integer', description: 'Threads that run or could run now' },
      { name: 'processes.blocked', type: 'integer', description: 'Processes that wait for a disk now' },
    ];
    return [...(this.hasAverages ? averages : []), ...(this.kernel === undefined ? [] : processes)];
  }

  async read(): Promise<Reading[]> {
    const averages = this.hasAverages ? this.readAverages() : [];
    return this.kernel === undefined ? averages : [...averages, ...(await this.readProcesses(this.kernel))];
  }

  private readAverages(): Reading[] {
    const perCore = (loadavg()[1] ?? 0) / availableParallelism();
    const status = statusAbove(perCore, THRESHOLDS.loadAveragePerCore);
    return AVERAGES.map(([sensor], place) => {
      const value = Math.round((loadavg()[place] ?? 0) * 100) / 100;
      return { sensor, value, ...(sensor === 'load.5min' ? { status } : {}) };
    });
  }

  private async readProcesses({ proc }: KernelFiles): Promise<Reading[]> {
    const [entries, stat] = await Promise.all([readdir(proc), readFile(`${proc}/stat`, 'utf8')]);
    const rows = new Map(rowsOf(stat).map((row) => [row[0], row]));
    return [
      { sensor: 'processes.total', value: entries.filter((entry) => /^\d+$/.test(entry)).length },
      { sensor: 'processes.running', value: numberAt(rows.get('procs_running') ?? [], 1) },
      { sensor: 'processes.blocked', value: numberAt(rows.get('procs_blocked') ?? [], 1) },
    ];
  }
}
