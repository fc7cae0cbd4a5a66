import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where fetched programs are kept between runs: KATBUS_CACHE, else the platform's cache folder of the user
 * (XDG_CACHE_HOME or ~/.cache, on Windows LOCALAPPDATA) with `katbus` below it. It need not exist yet.
 */
export function cacheFolder(env: Environment = process.env): string {
  // An empty variable counts as absent, as the XDG specification has it.
  if (env.KATBUS_CACHE) return resolve(env.KATBUS_CACHE);
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME, 'katbus');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return resolve(env.LOCALAPPDATA, 'katbus', 'cache');
  return join(homedir(), '.cache', 'katbus');
}
