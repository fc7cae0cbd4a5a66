import { readFile } from 'node:fs/promises';
import type { SensorDefinition } from '@katbus/bus';
import { numberAt } from '../kernel-table.ts';
import { Growth } from '../growth.ts';
import type { KernelFiles, Probe, Reading } from '../probe.ts';
import { Rate, steadySeconds } from '../rate.ts';
import { SensorParts } from '../sensor-parts.ts';

/** The kernel's words (Documentation/ABI/testing/sysfs-class-net, operstate). */
const STATES = ['up', 'down', 'unknown', 'dormant', 'lowerlayerdown', 'notpresent', 'testing'] as const;

/** One end of a pair whose other end is in a container: they come and go with random names. */
const PASSING_PREFIX = 'veth';

interface Interface {
  readonly name: string;
  readonly received: Rate;
  readonly sent: Rate;
  readonly errors: Growth;
}

/** Traffic and errors of each network interface that has ever been used. Linux only: Node does not count. */
export class NetworkProbe implements Probe {
  readonly name = 'network';
  private readonly kernel: KernelFiles;
  private readonly parts = new SensorParts();
  private readonly interfaces = new Map<string, Interface>();

  constructor(kernel: KernelFiles) {
    this.kernel = kernel;
  }

  sensors(): SensorDefinition[] {
    return [...this.interfaces].flatMap(([part, { name }]) => [
      { name: `net.${part}.received`, type: 'float', units: 'B/s', description: `Bytes received on ${name}` },
      { name: `net.${part}.sent`, type: 'float', units: 'B/s', description: `Bytes sent on ${name}` },
      {
        name: `net.${part}.errors`,
        type: 'integer',
        description: `Damaged or refused packets on ${name} since the start; warn for a minute after each`,
      },
      {
        name: `net.${part}.state`,
        type: 'discrete',
        params: STATES,
        description: `Whether ${name} works, as the kernel sees it`,
      },
    ]);
  }

  async read(): Promise<Reading[]> {
    const text = await readFile(`${this.kernel.proc}/net/dev`, 'utf8');
    // Two lines of heading, then `name: numbers`; a long name may leave no space after the colon.
    const lines = text
      .split('\n')
      .slice(2)
      .filter((line) => line.includes(':'));
    const readings = await Promise.all(lines.map((line) => this.readLine(line)));
    return readings.flat();
  }

  private async readLine(line: string): Promise<Reading[]> {
    const colon = line.lastIndexOf(':');
    const name = line.slice(0, colon).trim();
    if (name.startsWith(PASSING_PREFIX)) return [];
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    const [received, sent] = [numberAt(columns, 0), numberAt(columns, 8)];
    const errors = numberAt(columns, 2) + numberAt(columns, 10);
    const state = await this.stateOf(name);
    const part = this.parts.of(name);
    const isUnused = received === 0 && sent === 0 && state !== 'up';
    if (isUnused && !this.interfaces.has(part)) return [];
    const known = this.interfaces.get(part) ?? {
      name,
      received: new Rate(),
      sent: new Rate(),
      errors: new Growth(),
    };
    this.interfaces.set(part, known);
    const seconds = steadySeconds();
    return [
      ...rateReading(`net.${part}.received`, known.received.next(received, seconds)),
      ...rateReading(`net.${part}.sent`, known.sent.next(sent, seconds)),
      { sensor: `net.${part}.errors`, value: errors, status: known.errors.status(errors, seconds) },
      { sensor: `net.${part}.state`, value: state },
    ];
  }

  private async stateOf(name: string): Promise<string> {
    try {
      const word = (await readFile(`${this.kernel.sys}/class/net/${name}/operstate`, 'utf8')).trim();
      return (STATES as readonly string[]).includes(word) ? word : 'unknown';
    } catch {
      // In a container /sys may be that of another network namespace.
      return 'unknown';
    }
  }
}

function rateReading(sensor: string, bytesPerSecond: number | undefined): Reading[] {
  return bytesPerSecond === undefined ? [] : [{ sensor, value: Math.round(bytesPerSecond) }];
}
