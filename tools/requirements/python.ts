import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '@katbus/cli/nats-server';
import { filesOnPath } from './program.ts';
import { missing } from './requirement.ts';
import type { Requirement } from './requirement.ts';

const run = promisify(execFile);
const OLDEST = [3, 9] as const;
const INSTALL_TIMEOUT_MS = 5 * 60_000;

/** What the tests of Python programs install. */
const PACKAGES = resolve(import.meta.dirname, '../../examples/python/requirements.txt');

/**
 * A Python with the packages of the examples: a virtual environment in the cache, made once for each list of packages and each Python.
 * @returns the path of its `python`
 * @throws {Error} in one line with what was tried
 */
export async function findPython(onProgress: (line: string) => void = () => undefined): Promise<string> {
  const { path, version } = await systemPython(onProgress);
  const digest = createHash('sha256')
    .update(`${path} ${version} `)
    .update(await readFile(PACKAGES))
    .digest('hex');
  const home = join(cacheFolder(), 'python', digest.slice(0, 16));
  const python = join(home, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(python)) return python;
  onProgress(`making a virtual environment with ${version} and nats-py`);
  await mkdir(dirname(home), { recursive: true });
  const folder = await mkdtemp(join(dirname(home), '.making-'));
  try {
    await makeEnvironment(path, folder);
    // Scripts of a virtual environment hold their path, but `python -m` and imports do not: it may be moved.
    await rename(folder, home).catch((error: unknown) => {
      // Another process was first, and its environment serves.
      if (!existsSync(python)) throw error;
    });
    return python;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeEnvironment(python: string, folder: string): Promise<void> {
  const options = { timeout: INSTALL_TIMEOUT_MS };
  const bin = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  try {
    await run(python, ['-m', 'venv', folder], options);
    await run(bin, ['-m', 'pip', 'install', '--quiet', '--requirement', PACKAGES], options);
  } catch (error) {
    const printed = `${(error as { stdout?: string }).stdout ?? ''}\n${(error as { stderr?: string }).stderr ?? ''}`;
    const last = printed.split('\n').findLast((line) => line.trim() !== '');
    throw new Error(`no virtual environment: ${last ?? String(error)}`, { cause: error });
  }
}

async function systemPython(onProgress: (line: string) => void): Promise<{ path: string; version: string }> {
  const found = await suitable();
  if (found !== undefined) return found;
  const reason = `no Python ${OLDEST.join('.')} or newer on PATH`;
  if (process.getuid?.() !== 0 || filesOnPath(['apt-get']).length === 0) throw new Error(reason);
  onProgress('fetching Python with apt-get');
  const options = { timeout: INSTALL_TIMEOUT_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await run('apt-get', ['update'], options);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'python3', 'python3-venv'], options);
  } catch (error) {
    throw new Error(`${reason}, and apt-get could not install it`, { cause: error });
  }
  const installed = await suitable();
  if (installed === undefined) throw new Error(`${reason}, also after apt-get`);
  return installed;
}

async function suitable(): Promise<{ path: string; version: string } | undefined> {
  for (const path of filesOnPath(['python3', 'python'])) {
    const version = await run(path, ['--version'], { timeout: 30_000 }).then(
      ({ stdout, stderr }) => (stdout || stderr).trim(),
      () => '',
    );
    const [, major, minor] = /^Python (\d+)\.(\d+)/.exec(version) ?? [];
    if (Number(major) > OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) >= OLDEST[1]))
      return { path, version };
  }
  return undefined;
}

export const python: Requirement = {
  name: 'python',
  async find(onProgress) {
    try {
      return { state: 'found', what: await findPython(onProgress) };
    } catch (error) {
      return missing(error);
    }
  },
};
