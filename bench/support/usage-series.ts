import { median } from './median.ts';
import { cpuSeconds, residentBytes } from './process-usage.ts';

interface Watched {
  readonly name: string;
  readonly pids: readonly number[];
  readonly cpuAtStart: number;
  readonly resident: number[];
}

/** What of one or several processes that do the same: processor time and memory over a run. */
export interface Usage {
  readonly name: string;
  /** Mean over the run, percent of one core. */
  readonly cpuPercent: number;
  readonly residentMib: number;
  /**
   * Memory towards the end to that at 30 % of the run: the highest of the last 30 % to the highest between 15 and 45 %. The heap of a runtime that
   * collects garbage is a saw, of minutes a tooth; its points are what the machine has to have room for, and what rises when something leaks.
   */
  readonly growth: number;
}

const LOOK_EACH_MS = 500;

/** Watches the processor time and the memory of processes from its making until {@link finish}. Linux. */
export class UsageSeries {
  private readonly watched: readonly Watched[];
  private readonly startedAtMs = performance.now();
  private readonly timer: NodeJS.Timeout;

  constructor(processes: Readonly<Record<string, readonly number[]>>) {
    this.watched = Object.entries(processes).map(([name, pids]) => ({
      name,
      pids,
      cpuAtStart: sum(pids, cpuSeconds),
      resident: [],
    }));
    this.timer = setInterval(() => this.look(), LOOK_EACH_MS);
  }

  finish(): Usage[] {
    clearInterval(this.timer);
    this.look();
    const seconds = (performance.now() - this.startedAtMs) / 1000;
    return this.watched.map(({ name, pids, cpuAtStart, resident }) => {
      const between = (from: number, to: number) =>
        resident.slice(Math.floor(from * resident.length), Math.max(1, Math.ceil(to * resident.length)));
      return {
        name,
        cpuPercent: ((sum(pids, cpuSeconds) - cpuAtStart) / seconds) * 100,
        residentMib: median(between(0.9, 1)) / 1024 ** 2,
        growth: Math.max(...between(0.7, 1)) / Math.max(...between(0.15, 0.45)),
      };
    });
  }

  private look(): void {
    for (const { pids, resident } of this.watched) resident.push(sum(pids, residentBytes));
  }
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((all, pid) => all + of(pid), 0);
}
