import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { SensorDefinition } from '@katbus/bus';
import { numberAt, rowsOf } from '../kernel-table.ts';
import type { KernelFiles, Probe, Reading } from '../probe.ts';

/** Time that a core has spent since the machine started, in any unit: only ratios are used. */
interface CoreTimes {
  readonly core: string;
  readonly busy: number;
  readonly waiting: number;
  readonly total: number;
}

/** How much of each core's time was used in the interval, and of the whole machine's. */
export class CpuProbe implements Probe {
  readonly name = 'cpu';
  private readonly times: () => Promise<CoreTimes[]>;
  private readonly tellsWaiting: boolean;
  private last = new Map<string, CoreTimes>();
  private readonly cores = new Set<string>();

  /** @param kernel undefined: not Linux, ask Node */
  constructor(kernel?: KernelFiles) {
    this.times = kernel === undefined ? () => Promise.resolve(nodeTimes()) : () => kernelTimes(kernel);
    this.tellsWaiting = kernel !== undefined;
  }

  sensors(): SensorDefinition[] {
    const wholes = [
      { ...percent('cpu.load', 'Share of all cores that is busy, over the last interval') },
      ...(this.tellsWaiting
        ? [
            percent(
              'cpu.iowait',
              'Share of all cores that is idle while a disk is waited for, over the last interval',
            ),
          ]
        : []),
    ];
    const cores = [...this.cores].map((core) =>
      percent(`cpu.${core}.load`, `Share of core ${core} that is busy, over the last interval`),
    );
    return [...wholes, ...cores];
  }

  async read(): Promise<Reading[]> {
    const readings: Reading[] = [];
    const now = new Map<string, CoreTimes>();
    for (const times of await this.times()) {
      now.set(times.core, times);
      if (times.core !== ALL) this.cores.add(times.core);
      const last = this.last.get(times.core);
      const elapsed = last === undefined ? 0 : times.total - last.total;
      if (last === undefined || elapsed <= 0) continue;
      const share = (part: 'busy' | 'waiting') =>
        Math.round(Math.min(100, Math.max(0, ((times[part] - last[part]) / elapsed) * 100)) * 10) / 10;
      readings.push({
        sensor: times.core === ALL ? 'cpu.load' : `cpu.${times.core}.load`,
        value: share('busy'),
      });
      if (times.core === ALL && this.tellsWaiting)
        readings.push({ sensor: 'cpu.iowait', value: share('waiting') });
    }
    this.last = now;
    return readings;
  }
}

const ALL = 'all';

function percent(name: string, description: string): SensorDefinition {
  return { name, type: 'float', units: '%', description, params: [0, 100] };
}

/** proc_stat(5): user nice system idle iowait irq softirq steal, in ticks; guest time is within user. */
async function kernelTimes({ proc }: KernelFiles): Promise<CoreTimes[]> {
  const rows = rowsOf(await readFile(`${proc}/stat`, 'utf8')).filter((row) => /^cpu\d*$/.test(row[0] ?? ''));
  return rows.map((row) => {
    const columns = [1, 2, 3, 4, 5, 6, 7, 8].map((column) => numberAt(row, column));
    const total = columns.reduce((sum, ticks) => sum + ticks, 0);
    const [idle = 0, waiting = 0] = columns.slice(3);
    return { core: (row[0] ?? '').slice(3) || ALL, busy: total - idle - waiting, waiting, total };
  });
}

function nodeTimes(): CoreTimes[] {
  const cores = cpus().map(({ times }, core) => {
    const busy = times.user + times.nice + times.sys + times.irq;
    return { core: String(core), busy, waiting: 0, total: busy + times.idle };
  });
  const sum = (part: 'busy' | 'total') => cores.reduce((all, times) => all + times[part], 0);
  return cores.length === 0
    ? []
    : [{ core: ALL, busy: sum('busy'), waiting: 0, total: sum('total') }, ...cores];
}
