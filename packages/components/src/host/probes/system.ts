import { readFile } from 'node:fs/promises';
import {
  availableParallelism,
  hostname,
  networkInterfaces,
  release,
  type as systemType,
  uptime,
} from 'node:os';
import type { SensorDefinition } from '@katbus/bus';
import type { KernelFiles, Probe, Reading } from '../probe.ts';

const SENSORS: readonly SensorDefinition[] = [
  { name: 'hostname', type: 'string', description: 'Name of the machine' },
  {
    name: 'address',
    type: 'address',
    description: 'First network address of the machine that others can reach',
  },
  { name: 'os', type: 'string', description: 'Operating system and its release' },
  { name: 'cpu.cores', type: 'integer', description: 'Cores that programs may use' },
  {
    name: 'boot-time',
    type: 'timestamp',
    units: 's',
    description: 'When the machine was started',
    // Derived from two clocks, it trembles when the wall clock is corrected.
    sampling: { deadBand: 2 },
  },
  {
    name: 'uptime',
    type: 'float',
    units: 's',
    description: 'How long the machine has been up',
    // Nothing but time goes by here: no reason to archive it often.
    sampling: { archiveIntervalSeconds: 60, normalIntervalSeconds: 10 },
  },
];

/** What the machine is, and since when it is up. */
export class SystemProbe implements Probe {
  readonly name = 'system';
  private readonly kernel: KernelFiles | undefined;

  constructor(kernel?: KernelFiles) {
    this.kernel = kernel;
  }

  sensors(): readonly SensorDefinition[] {
    return SENSORS;
  }

  async read(): Promise<Reading[]> {
    const uptimeSeconds = this.kernel === undefined ? uptime() : await kernelUptime(this.kernel);
    const address = reachableAddress();
    return [
      { sensor: 'hostname', value: hostname() },
      address === undefined
        ? { sensor: 'address', value: null, status: 'inactive' }
        : { sensor: 'address', value: address },
      { sensor: 'os', value: `${systemType()} ${release()}` },
      { sensor: 'cpu.cores', value: availableParallelism() },
      { sensor: 'boot-time', value: Math.round(Date.now() / 1000 - uptimeSeconds) },
      { sensor: 'uptime', value: Math.round(uptimeSeconds * 10) / 10 },
    ];
  }
}

/** proc_uptime(5): Node's own call gives whole seconds only. */
async function kernelUptime({ proc }: KernelFiles): Promise<number> {
  const text = await readFile(`${proc}/uptime`, 'utf8');
  const seconds = Number.parseFloat(text);
  if (!Number.isFinite(seconds)) throw new Error(`${proc}/uptime holds "${text.trim()}"`);
  return seconds;
}

function reachableAddress(): string | undefined {
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  const first = outward.find(({ family }) => family === 'IPv4') ?? outward[0];
  if (first === undefined) return undefined;
  return first.family === 'IPv6' ? `[${first.address}]` : first.address;
}
