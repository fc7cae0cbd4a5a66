import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The release that is fetched when the machine has none, and that the tests are run with. */
export const PINNED_VERSION = '2.15.2';

/** Older servers lack `multi_last` of the direct get, which the portal's snapshots are read by. */
export const OLDEST_VERSION = '2.12.0';

/**
 * What `nats-server --version` says: `2.15.2`.
 * @throws {Error} saying in a few words why the file is no nats-server that runs here
 */
export async function serverVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 }).catch(
    (error: unknown) => {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT') throw new Error(`no file ${path}`, { cause: error });
      throw new Error(`${path} does not run: ${code ?? 'it failed'}`, { cause: error });
    },
  );
  const version = /nats-server: v(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${path} does not say the version of a nats-server`);
  return version;
}

/** Whether `version` is `oldest` or newer; what follows the patch number (`-RC.1`) is not looked at. */
export function isNewEnough(version: string, oldest: string = OLDEST_VERSION): boolean {
  const [have, need] = [version, oldest].map((text) => text.split('.').map((part) => Number.parseInt(part)));
  for (const place of [0, 1, 2]) {
    const difference = (have?.[place] ?? 0) - (need?.[place] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
