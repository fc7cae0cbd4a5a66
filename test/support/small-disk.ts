import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Requirement } from '../../tools/requirements/index.ts';
import { temporaryFolder } from './temporary-folder.ts';

const run = promisify(execFile);
const MIB = 1024 ** 2;

/** Mounting is for root, and not in every container. */
export const mounting: Requirement = {
  name: 'a small disk',
  async find() {
    if (process.platform !== 'linux') return { state: 'missing', reason: 'tmpfs is of Linux' };
    try {
      await using disk = await SmallDisk.mount(1);
      return { state: 'found', what: `tmpfs on ${disk.path}` };
    } catch (error) {
      return { state: 'missing', reason: (error as Error).message.split('\n').slice(0, 2).join(': ') };
    }
  },
};

/** A file system of its own that can be filled. It is in memory. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;
  readonly #remove: () => Promise<void>;

  private constructor(path: string, remove: () => Promise<void>) {
    this.path = path;
    this.#remove = remove;
  }

  static async mount(mib: number): Promise<SmallDisk> {
    const folder = await temporaryFolder('disk');
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${mib}m`, 'tmpfs', folder.path]);
    } catch (error) {
      await folder.remove();
      throw error;
    }
    return new SmallDisk(folder.path, () => folder.remove());
  }

  /** Leaves no room at all. */
  async fill(): Promise<void> {
    for (const bytes of [MIB, 4096]) await this.#fillWith(Buffer.alloc(bytes));
  }

  /** Gives the room back that {@link fill} took. */
  async free(): Promise<void> {
    for (const name of [MIB, 4096]) await rm(join(this.path, `filling-${name}`), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', [this.path]);
    await this.#remove();
  }

  async #fillWith(chunk: Buffer): Promise<void> {
    try {
      while (true) await writeFile(join(this.path, `filling-${chunk.length}`), chunk, { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}
