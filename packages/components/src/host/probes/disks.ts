import { readFile } from 'node:fs/promises';
import type { SensorDefinition } from '@katbus/bus';
import { numberAt, rowsOf } from '../kernel-table.ts';
import { readMounts } from '../mounts.ts';
import type { KernelFiles, Probe, Reading } from '../probe.ts';
import { Rate, steadySeconds } from '../rate.ts';
import { SensorParts } from '../sensor-parts.ts';

/** The kernel counts sectors of this many bytes, whatever the disk has (Documentation/admin-guide/iostats.rst). */
const SECTOR_BYTES = 512;

interface DiskRates {
  readonly read: Rate;
  readonly written: Rate;
  readonly busy: Rate;
}

/** What goes to and from each block device that a mounted filesystem lies on. Linux only. */
export class DisksProbe implements Probe {
  readonly name = 'disks';
  private readonly kernel: KernelFiles;
  private readonly parts = new SensorParts();
  private readonly rates = new Map<string, DiskRates>();

  constructor(kernel: KernelFiles) {
    this.kernel = kernel;
  }

  sensors(): SensorDefinition[] {
    return [...this.rates.keys()].flatMap((part) => [
      { name: `io.${part}.read`, type: 'float', units: 'B/s', description: `Bytes read from disk ${part}` },
      {
        name: `io.${part}.written`,
        type: 'float',
        units: 'B/s',
        description: `Bytes written to disk ${part}`,
      },
      {
        name: `io.${part}.busy`,
        type: 'float',
        units: '%',
        params: [0, 100],
        description: `Share of the time in which disk ${part} had something to do`,
      },
    ]);
  }

  async read(): Promise<Reading[]> {
    const [mounts, stats] = await Promise.all([
      readMounts(this.kernel),
      readFile(`${this.kernel.proc}/diskstats`, 'utf8'),
    ]);
    const mounted = new Set(mounts.map(({ deviceNumber }) => deviceNumber));
    const seconds = steadySeconds();
    return rowsOf(stats)
      .filter(([major, minor]) => mounted.has(`${major}:${minor}`))
      .flatMap((row) => this.readRow(row, seconds));
  }

  private readRow(row: readonly string[], seconds: number): Reading[] {
    const part = this.parts.of(row[2] ?? '');
    const rates = this.rates.get(part) ?? { read: new Rate(), written: new Rate(), busy: new Rate() };
    this.rates.set(part, rates);
    const read = rates.read.next(numberAt(row, 5) * SECTOR_BYTES, seconds);
    const written = rates.written.next(numberAt(row, 9) * SECTOR_BYTES, seconds);
    const busyMsPerSecond = rates.busy.next(numberAt(row, 12), seconds);
    if (read === undefined || written === undefined || busyMsPerSecond === undefined) return [];
    return [
      { sensor: `io.${part}.read`, value: Math.round(read) },
      { sensor: `io.${part}.written`, value: Math.round(written) },
      { sensor: `io.${part}.busy`, value: Math.min(100, Math.round(busyMsPerSecond) / 10) },
    ];
  }
}
