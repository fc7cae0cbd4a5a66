import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { KernelFiles } from '../../src/host/probe.ts';

/** A folder that looks like /proc and /sys: for what the machine at hand does not have, and for faults. */
export interface KernelFolder extends KernelFiles, AsyncDisposable {
  write(files: Readonly<Record<string, string>>): Promise<void>;
  remove(path: string): Promise<void>;
}

/** @param files by path: `proc/stat`, `sys/class/hwmon/hwmon0/name` */
export async function kernelFolder(files: Readonly<Record<string, string>>): Promise<KernelFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'katbus-kernel-'));
  const kernel: KernelFolder = {
    proc: join(folder, 'proc'),
    sys: join(folder, 'sys'),
    async write(more) {
      for (const [path, text] of Object.entries(more)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
    },
    remove: (path) => rm(join(folder, path), { recursive: true }),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  await kernel.write(files);
  return kernel;
}
