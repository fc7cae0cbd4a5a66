import { statfs } from 'node:fs/promises';
import type { StatsFs } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { SensorDefinition } from '@katbus/bus';
import { readMounts, workingMount, type Mount } from '../mounts.ts';
import type { KernelFiles, Probe, Reading } from '../probe.ts';
import { SensorParts } from '../sensor-parts.ts';
import { statusAbove, THRESHOLDS } from '../thresholds.ts';

/** A server that has gone lets the question hang for ever, and each one that hangs holds a thread of Node's pool of four. */
const ANSWER_WITHIN_MS = 800;
const MOST_HANGING = 2;

interface Filesystem {
  readonly path: string;
  readonly countsFiles: boolean;
  readonly wasWritable: boolean;
}

/** How full each mounted filesystem with data is. */
export class FilesystemsProbe implements Probe {
  readonly name = 'filesystems';
  private readonly mounts: () => Promise<Mount[]>;
  private readonly parts = new SensorParts();
  private readonly known = new Map<string, Filesystem>();
  private readonly hanging = new Set<string>();

  /** @param kernel undefined: not Linux; only the filesystem that this program runs on */
  constructor(kernel?: KernelFiles) {
    this.mounts = kernel === undefined ? () => Promise.resolve([workingMount()]) : () => readMounts(kernel);
  }

  sensors(): SensorDefinition[] {
    return [...this.known].flatMap(([part, { path, countsFiles }]) => definitions(part, path, countsFiles));
  }

  async read(): Promise<Reading[]> {
    const mounts = await this.mounts();
    const readings = await Promise.all(mounts.map((mount) => this.readOne(mount)));
    return readings.flat();
  }

  private async readOne(mount: Mount): Promise<Reading[]> {
    const stats = await this.askPatiently(mount.path);
    if (stats === undefined || stats.blocks === 0) return [];
    const part = this.parts.of(mount.path, filesystemPart(mount.path));
    const known = this.known.get(part) ?? {
      path: mount.path,
      countsFiles: stats.files > 0,
      wasWritable: !mount.readOnly,
    };
    this.known.set(part, known);
    // As df: what is kept back for root counts neither as used nor as free.
    const usedBlocks = stats.blocks - stats.bfree;
    const used = share(usedBlocks, usedBlocks + stats.bavail);
    const files = share(stats.files - stats.ffree, stats.files);
    const status = (percent: number) => statusAbove(percent, THRESHOLDS.filesystemUsedPercent);
    return [
      { sensor: `disk.${part}.used-percent`, value: used, status: status(used) },
      { sensor: `disk.${part}.free`, value: stats.bavail * stats.bsize, status: status(used) },
      { sensor: `disk.${part}.total`, value: stats.blocks * stats.bsize },
      {
        sensor: `disk.${part}.read-only`,
        value: mount.readOnly,
        status: mount.readOnly && known.wasWritable ? 'error' : 'nominal',
      },
      ...(known.countsFiles
        ? [{ sensor: `disk.${part}.files-used-percent`, value: files, status: status(files) }]
        : []),
    ];
  }

  /** @returns undefined when there is no answer, or none may be waited for */
  private async askPatiently(path: string): Promise<StatsFs | undefined> {
    if (this.hanging.has(path) || this.hanging.size >= MOST_HANGING) return undefined;
    const answer = statfs(path).catch(() => undefined);
    const stopWaiting = new AbortController();
    const late = delay(ANSWER_WITHIN_MS, 'late' as const, { signal: stopWaiting.signal }).catch(
      () => 'late' as const,
    );
    const first = await Promise.race([answer, late]);
    stopWaiting.abort();
    if (first !== 'late') return first;
    this.hanging.add(path);
    void answer.then(() => this.hanging.delete(path));
    return undefined;
  }
}

export function filesystemPart(path: string): string {
  return path === '/' ? 'root' : path;
}

function definitions(part: string, path: string, countsFiles: boolean): SensorDefinition[] {
  const bytes = { type: 'integer', units: 'B', sampling: { deadBand: { relative: 0.001 } } } as const;
  const percent = { type: 'float', units: '%', params: [0, 100] } as const;
  return [
    {
      ...percent,
      name: `disk.${part}.used-percent`,
      description: `Share of the filesystem at ${path} that is used`,
    },
    { ...bytes, name: `disk.${part}.free`, description: `Space that programs can still fill at ${path}` },
    { ...bytes, name: `disk.${part}.total`, description: `Size of the filesystem at ${path}` },
    {
      name: `disk.${part}.read-only`,
      type: 'boolean',
      description: `Whether ${path} refuses writing: the kernel turns a disk in trouble so`,
    },
    ...(countsFiles
      ? [
          {
            ...percent,
            name: `disk.${part}.files-used-percent`,
            description: `Share of the files (inodes) that the filesystem at ${path} has room for`,
          },
        ]
      : []),
  ];
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 100;
}
