import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Environment } from './cache-folder.ts';
import { BINARY_NAME, installIntoCache } from './cached-binary.ts';
import { PINNED_VERSION } from './server-version.ts';

const TIMEOUT_MS = 15 * 60_000;

/**
 * Builds the pinned nats-server with the machine's Go into the cache; Go checks the sources against its checksum database.
 * @throws {Error} when there is no Go, or with the last line that it printed
 */
export async function goInstall(
  cache: string,
  env: Environment,
  onProgress: (line: string) => void,
): Promise<string> {
  const run = promisify(execFile);
  await run('go', ['version'], { env, timeout: 60_000 }).catch((error: unknown) => {
    throw new Error('there is no go command that works', { cause: error });
  });
  onProgress(`fetching nats-server ${PINNED_VERSION} with go install, this takes about a minute`);
  return installIntoCache(cache, PINNED_VERSION, async (folder) => {
    const module = `github.com/nats-io/nats-server/v2@v${PINNED_VERSION}`;
    const options = { env: { ...env, GOBIN: folder }, timeout: TIMEOUT_MS };
    await run('go', ['install', module], options).catch((error: unknown) => {
      const printed = (error as { stderr?: string }).stderr ?? '';
      const last = printed.split('\n').findLast((line) => line.trim() !== '');
      throw new Error(last ?? 'it failed without a word', { cause: error });
    });
    return join(folder, BINARY_NAME);
  });
}
