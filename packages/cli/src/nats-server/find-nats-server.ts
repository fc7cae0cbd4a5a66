import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { BINARY_NAME, cachedBinaryPath } from './cached-binary.ts';
import { cacheFolder } from './cache-folder.ts';
import type { Environment } from './cache-folder.ts';
import { NatsServerNotFoundError } from './errors.ts';
import type { FailedAttempt } from './errors.ts';
import { goInstall } from './go-install.ts';
import { fetchRelease, pinnedArchive, RELEASE_VERSION } from './release-archive.ts';
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

/** What a source offers: programs to look at, or why there is none. */
type Candidates = readonly string[] | { readonly none: string };

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

  const sources: Record<NatsServerSource, () => Candidates | Promise<Candidates>> = {
    NATS_SERVER_BIN: () => (env.NATS_SERVER_BIN ? [env.NATS_SERVER_BIN] : { none: 'not set' }),
    PATH: () => orNone(onPath(env), 'no nats-server there'),
    cache: () => orNone(inCache(cache), `nothing in ${cache}`),
    release: async () => [await fetchRelease(pinnedArchive(), cache, onProgress)],
    'go install': async () => [await goInstall(cache, env, onProgress)],
  };
  for (const source of NATS_SERVER_SOURCES) {
    if (options.fetch === false && (source === 'release' || source === 'go install')) continue;
    const candidates = await Promise.resolve()
      .then(sources[source])
      .catch((error: unknown) => ({ none: messageOf(error) }));
    if ('none' in candidates) {
      attempts.push({ place: source, reason: candidates.none });
      continue;
    }
    for (const path of candidates) {
      const look = await lookAt(path);
      if ('version' in look) return { path, version: look.version, source };
      // Said even where another one is found: whoever named or installed this one would else be misled.
      onProgress(`passing over ${look.reason}`);
      attempts.push({ place: source, reason: look.reason });
    }
  }
  throw new NatsServerNotFoundError(attempts);
}

async function lookAt(path: string): Promise<{ version: string } | { reason: string }> {
  try {
    const version = await serverVersion(path);
    return isNewEnough(version)
      ? { version }
      : { reason: `${path}: ${version} is older than ${OLDEST_VERSION}` };
  } catch (error) {
    return { reason: messageOf(error) };
  }
}

function inCache(cache: string): readonly string[] {
  const paths = [PINNED_VERSION, RELEASE_VERSION].map((version) => cachedBinaryPath(cache, version));
  return paths.filter((path) => existsSync(path));
}

function onPath(env: Environment): readonly string[] {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, BINARY_NAME)).filter((path) => existsSync(path));
}

function orNone(paths: readonly string[], none: string): Candidates {
  return paths.length === 0 ? { none } : paths;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
