import { delimiter, isAbsolute, join } from 'node:path';
import { existsSync } from 'node:fs';
import { BINARY_NAME, cachedBinaryPath } from './cached-binary.ts';
import { cacheFolder } from './cache-folder.ts';
import type { Environment } from './cache-folder.ts';
import { NatsServerNotFoundError } from './errors.ts';
import type { FailedAttempt } from './errors.ts';
import { goInstall } from './go-install.ts';
import { fetchRelease, pinnedArchive } from './release-archive.ts';
import { isNewEnough, OLDEST_VERSION, PINNED_VERSION, serverVersion } from './server-version.ts';

export interface FoundNatsServer {
  readonly path: string;
  /** `2.15.2` */
  readonly version: string;
  readonly source: NatsServerSource;
}

/** In the order in which they are tried. */
export const NATS_SERVER_SOURCES = ['NATS_SERVER_BIN', 'PATH', 'cache', 'release', 'go install'] as const;
export type NatsServerSource = (typeof NATS_SERVER_SOURCES)[number];

export interface FindOptions {
  /** Defaults to the process's own. */
  readonly env?: Environment | undefined;
  /** One line each: a server passed over, a fetch that begins. */
  readonly onProgress?: ((line: string) => void) | undefined;
  /** Whether to fetch or build one when the machine has none; true. */
  readonly fetch?: boolean | undefined;
}

/**
 * A nats-server of {@link OLDEST_VERSION} or newer: from NATS_SERVER_BIN, PATH or the cache; if none, fetched once into the
 * cache: the release's archive where its checksum is pinned, else built by `go install`.
 * @throws {NatsServerNotFoundError} in one line, naming each place that was tried and why it failed
 */
export async function findNatsServer(options: FindOptions = {}): Promise<FoundNatsServer> {
  const env = options.env ?? process.env;
  const onProgress = options.onProgress ?? (() => undefined);
  const cache = cacheFolder(env);
  const attempts: FailedAttempt[] = [];

  const places: Record<NatsServerSource, () => Promise<string> | string> = {
    NATS_SERVER_BIN: () => env.NATS_SERVER_BIN || refuse('not set'),
    PATH: () => findOnPath(env) ?? refuse('no nats-server there'),
    cache: () => {
      const path = cachedBinaryPath(cache);
      return existsSync(path) ? path : refuse(`nothing in ${cache}`);
    },
    release: () => fetchRelease(pinnedArchive(), cache, onProgress),
    'go install': () => goInstall(cache, env, onProgress),
  };
  for (const source of NATS_SERVER_SOURCES) {
    if (options.fetch === false && (source === 'release' || source === 'go install')) continue;
    try {
      const path = await places[source]();
      const version = await serverVersion(path);
      if (isNewEnough(version)) return { path, version, source };
      onProgress(`passing over ${path}: version ${version} is older than ${OLDEST_VERSION}`);
      attempts.push({ place: source, reason: `${path} is ${version}, older than ${OLDEST_VERSION}` });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // Somebody named this one: falling through to another server without a word would mislead.
      if (source === 'NATS_SERVER_BIN' && env.NATS_SERVER_BIN)
        onProgress(`passing over NATS_SERVER_BIN: ${reason}`);
      attempts.push({ place: source === 'release' ? `release ${PINNED_VERSION}` : source, reason });
    }
  }
  throw new NatsServerNotFoundError(attempts);
}

function refuse(reason: string): never {
  throw new Error(reason);
}

function findOnPath(env: Environment): string | undefined {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, BINARY_NAME)).find((path) => existsSync(path));
}
