import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '@katbus/cli/nats-server';
import { filesOnPath } from './program.ts';
import { missing } from './requirement.ts';
import type { Requirement } from './requirement.ts';

const run = promisify(execFile);
const FETCH_TIMEOUT_MS = 5 * 60_000;

/**
 * A Prometheus: the one on PATH, else Debian's package, unpacked into the cache. It is not installed: that would start a service.
 * @returns the path of the program
 * @throws {Error} in one line with what was tried
 */
export async function findPrometheus(onProgress: (line: string) => void = () => undefined): Promise<string> {
  const [path] = filesOnPath(['prometheus']);
  if (path !== undefined) return path;
  const home = join(cacheFolder(), 'prometheus');
  const program = join(home, 'usr/bin/prometheus');
  if (existsSync(program)) return program;
  for (const tool of ['apt-get', 'dpkg-deb'])
    if (filesOnPath([tool]).length === 0)
      throw new Error(`no prometheus on PATH, and no ${tool} to fetch it with`);
  onProgress('fetching prometheus with apt-get');
  await mkdir(dirname(home), { recursive: true });
  const folder = await mkdtemp(join(dirname(home), '.prometheus-'));
  try {
    await unpackPackage(folder);
    await rename(folder, home).catch((error: unknown) => {
      // Another process was first, and its copy serves.
      if (!existsSync(program)) throw error;
    });
    return program;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function unpackPackage(folder: string): Promise<void> {
  const options = { cwd: folder, timeout: FETCH_TIMEOUT_MS };
  try {
    // Only root may bring the lists up to date; without that they may still do.
    if (process.getuid?.() === 0) await run('apt-get', ['update'], options);
    await run('apt-get', ['download', 'prometheus'], options);
    for (const name of await readdir(folder)) {
      await run('dpkg-deb', ['--extract', name, folder], options);
      await rm(join(folder, name));
    }
  } catch (error) {
    throw new Error('no prometheus on PATH, and apt-get could not fetch it', { cause: error });
  }
}

export const prometheus: Requirement = {
  name: 'prometheus',
  async find(onProgress) {
    try {
      return { state: 'found', what: await findPrometheus(onProgress) };
    } catch (error) {
      return missing(error);
    }
  },
};
