import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { serverVersion } from './server-version.ts';

export const BINARY_NAME = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';

/** Where the cache keeps a version; it is in the path, so that an upgrade never runs the old one. */
export function cachedBinaryPath(cache: string, version: string): string {
  return join(cache, 'nats-server', version, BINARY_NAME);
}

/**
 * Puts a nats-server into the cache in one step: `make` gets an empty folder on the same file system and answers with the
 * path of the program in it. Two processes that do this at once make it twice, and the second rename puts an equal file.
 * @throws what `make` throws, or an {@link Error} when what it made does not run
 */
export async function installIntoCache(
  cache: string,
  version: string,
  make: (folder: string) => Promise<string>,
): Promise<string> {
  const path = cachedBinaryPath(cache, version);
  await mkdir(dirname(path), { recursive: true });
  const folder = await mkdtemp(join(dirname(path), '.making-'));
  try {
    const made = await make(folder);
    await serverVersion(made);
    await rename(made, path).catch(async (error: unknown) => {
      // Windows refuses to replace a program that runs: then another process was first, and its file serves.
      await serverVersion(path).catch(() => {
        throw error;
      });
    });
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
