import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import type { SensorDefinition } from '@katbus/bus';
import type { KernelFiles, Probe, Reading } from '../probe.ts';
import { statusAbove, THRESHOLDS } from '../thresholds.ts';

interface MemoryFigures {
  readonly totalBytes: number;
  /** What programs can still have; the kernel gives caches back. */
  readonly availableBytes: number;
  readonly swapTotalBytes?: number;
  readonly swapFreeBytes?: number;
}

const BYTES = { type: 'integer', units: 'B', sampling: { deadBand: { relative: 0.001 } } } as const;

/** Memory, and swap where the system tells it. */
export class MemoryProbe implements Probe {
  readonly name = 'memory';
  private readonly figures: () => Promise<MemoryFigures>;
  private readonly tellsSwap: boolean;

  /** @param kernel undefined: not Linux, ask Node */
  constructor(kernel?: KernelFiles) {
    this.figures =
      kernel === undefined
        ? () => Promise.resolve({ totalBytes: totalmem(), availableBytes: freemem() })
        : () => kernelFigures(kernel);
    this.tellsSwap = kernel !== undefined;
  }

  sensors(): SensorDefinition[] {
    const memory: SensorDefinition[] = [
      { ...BYTES, name: 'memory.total', description: 'Memory that the machine has' },
      { ...BYTES, name: 'memory.available', description: 'Memory that programs can still have' },
      {
        ...BYTES,
        name: 'memory.used',
        description: 'Memory that programs cannot have: total less available',
      },
      percent('memory.used-percent', 'Share of the memory that programs cannot have'),
    ];
    const swap: SensorDefinition[] = [
      { ...BYTES, name: 'swap.total', description: 'Swap space that the machine has' },
      { ...BYTES, name: 'swap.used', description: 'Swap space in use' },
      percent('swap.used-percent', 'Share of the swap space in use; inactive when there is none'),
    ];
    return this.tellsSwap ? [...memory, ...swap] : memory;
  }

  async read(): Promise<Reading[]> {
    const { totalBytes, availableBytes, swapTotalBytes = 0, swapFreeBytes = 0 } = await this.figures();
    const used = share(totalBytes - availableBytes, totalBytes);
    const memory: Reading[] = [
      { sensor: 'memory.total', value: totalBytes },
      { sensor: 'memory.available', value: availableBytes },
      { sensor: 'memory.used', value: totalBytes - availableBytes },
      { sensor: 'memory.used-percent', value: used, status: statusAbove(used, THRESHOLDS.memoryUsedPercent) },
    ];
    if (!this.tellsSwap) return memory;
    const swapUsed = share(swapTotalBytes - swapFreeBytes, swapTotalBytes);
    return [
      ...memory,
      { sensor: 'swap.total', value: swapTotalBytes },
      { sensor: 'swap.used', value: swapTotalBytes - swapFreeBytes },
      swapTotalBytes === 0
        ? { sensor: 'swap.used-percent', value: null, status: 'inactive' }
        : {
            sensor: 'swap.used-percent',
            value: swapUsed,
            status: statusAbove(swapUsed, THRESHOLDS.swapUsedPercent),
          },
    ];
  }
}

function percent(name: string, description: string): SensorDefinition {
  return { name, type: 'float', units: '%', description, params: [0, 100] };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}

/** proc_meminfo(5); its "kB" are 1024 bytes. */
async function kernelFigures({ proc }: KernelFiles): Promise<MemoryFigures> {
  const text = await readFile(`${proc}/meminfo`, 'utf8');
  const bytesOf = (field: string) => {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text);
    if (match === null) throw new Error(`${proc}/meminfo has no ${field}`);
    return Number(match[1]) * 1024;
  };
  return {
    totalBytes: bytesOf('MemTotal'),
    availableBytes: bytesOf('MemAvailable'),
    swapTotalBytes: bytesOf('SwapTotal'),
    swapFreeBytes: bytesOf('SwapFree'),
  };
}
