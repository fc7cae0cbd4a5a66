import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BINARY_NAME, installIntoCache } from './cached-binary.ts';

/** One archive of a release and the digest that its bytes must have. */
export interface ReleaseArchive {
  readonly url: string;
  /** Lower-case hexadecimal SHA-256 of the whole file. */
  readonly sha256: string;
  /** The program's path inside the archive. */
  readonly member: string;
}

/**
 * The release whose archives are fetched: the newest one of which independent public records state the digests. It is not
 * always the pinned version, which Go checks against its own checksum database.
 */
export const RELEASE_VERSION = '2.15.0';

/**
 * SHA-256 by `<os>-<arch>` as the release names them: linux and windows-amd64 as the official container images pin them,
 * the rest as package managers and other projects do. A platform that is not here builds with Go instead: an archive
 * without a known digest is never run.
 */
const PINNED_SHA256: Readonly<Record<string, string>> = {
  'linux-amd64': '5d2c51caca950333aba84911df7d377f826f3a59ec36061c6539105084f65c92',
  'linux-arm64': 'cdc208f5a3f42963a52b6ab06ef65626bb870315dc936e26ba571780c6351112',
  'darwin-arm64': 'e1c4e22d70bd44abfa0bcb3c16f7cf0c66f648c2e728c58924e8a1ce88913cc8',
  'windows-amd64': '2d0861dc2ca3567d17f7d19611d7b346cc2ccbd7086a0a77cc957a2c71663200',
  'windows-arm64': 'd468fa3f0ac953bed2219e37a2b5977d87cb8d705d5bbdc70b9f960e12fb7c38',
};

const OS_NAMES: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };
const ARCH_NAMES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** A network that swallows packets must not hold up the start: the answer's head is awaited this long, the body longer. */
const CONNECT_TIMEOUT_MS = 5_000;
const BODY_TIMEOUT_MS = 5 * 60_000;

/** @throws {Error} saying why this platform has no archive that could be trusted */
export function pinnedArchive(
  platform: string = process.platform,
  arch: string = process.arch,
): ReleaseArchive {
  const target = `${OS_NAMES[platform] ?? platform}-${ARCH_NAMES[arch] ?? arch}`;
  const sha256 = PINNED_SHA256[target];
  if (sha256 === undefined) throw new Error(`no pinned checksum for ${target}`);
  const stem = `nats-server-v${RELEASE_VERSION}-${target}`;
  const suffix = platform === 'win32' ? 'zip' : 'tar.gz';
  return {
    url: `https://github.com/nats-io/nats-server/releases/download/v${RELEASE_VERSION}/${stem}.${suffix}`,
    sha256,
    member: `${stem}/${BINARY_NAME}`,
  };
}

/**
 * Fetches the archive, checks its digest and puts the program into the cache.
 * @throws {Error} when it cannot be reached in time, or when its bytes are not the pinned ones
 */
export async function fetchRelease(
  archive: ReleaseArchive,
  cache: string,
  onProgress: (line: string) => void,
  connectTimeoutMs = CONNECT_TIMEOUT_MS,
): Promise<string> {
  onProgress(`fetching nats-server ${RELEASE_VERSION} from ${new URL(archive.url).host}`);
  const bytes = await download(archive.url, connectTimeoutMs);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== archive.sha256) {
    throw new Error(`${archive.url} has SHA-256 ${digest}, not the pinned ${archive.sha256}`);
  }
  return installIntoCache(cache, RELEASE_VERSION, async (folder) => {
    const file = join(folder, 'archive');
    await writeFile(file, bytes);
    // tar is in every supported system; on Windows it is bsdtar, which reads zip as well.
    await promisify(execFile)('tar', ['-xf', file, '-C', folder]);
    return join(folder, archive.member);
  });
}

async function download(url: string, connectTimeoutMs: number): Promise<Uint8Array> {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), connectTimeoutMs);
  try {
    const response = await fetch(url, { signal: abort.signal });
    if (!response.ok) throw new Error(`${url} answers ${response.status}`);
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(), BODY_TIMEOUT_MS);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    if (abort.signal.aborted)
      throw new Error(`${new URL(url).host} did not answer in time`, { cause: error });
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(cause instanceof Error ? cause.message : String(cause), { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
