import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetchRelease, pinnedArchive, RELEASE_VERSION } from '../../src/nats-server/release-archive.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import type { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { versionScript, writeProgram } from './fake-programs.ts';

let folder: TemporaryFolder;
let server: Server;
let origin: string;
let archive: Buffer;

/** A site that has one archive, made as the release's are, at any path but /absent. */
beforeEach(async () => {
  folder = await temporaryFolder('release');
  await writeProgram(join(folder.path, 'stem', 'nats-server'), versionScript(RELEASE_VERSION));
  await promisify(execFile)('tar', ['-czf', 'stem.tar.gz', 'stem'], { cwd: folder.path });
  archive = await readFile(join(folder.path, 'stem.tar.gz'));
  server = createServer((request, response) => {
    if (request.url === '/silent') return;
    if (request.url === '/absent') response.writeHead(404).end();
    else response.end(archive);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await new Promise((closed) => server.close(closed));
  await folder.remove();
});

const cache = () => join(folder.path, 'cache');
const digest = () => createHash('sha256').update(archive).digest('hex');
const fetchFrom = (path: string, sha256: string, connectTimeoutMs?: number) => {
  const release = { url: `${origin}${path}`, sha256, member: 'stem/nats-server' };
  return fetchRelease(release, cache(), () => undefined, connectTimeoutMs);
};

test('an archive with the pinned digest is unpacked into the cache', async () => {
  const path = await fetchFrom('/stem.tar.gz', digest());
  expect(path).toBe(join(cache(), 'nats-server', RELEASE_VERSION, 'nats-server'));
  expect(await readdir(join(cache(), 'nats-server', RELEASE_VERSION))).toEqual(['nats-server']);
});

test('an archive with another digest is refused, naming both, and never unpacked', async () => {
  const pinned = '0'.repeat(64);
  await expect(fetchFrom('/stem.tar.gz', pinned)).rejects.toThrow(
    new RegExp(`has SHA-256 ${digest()}, not the pinned ${pinned}`),
  );
  await expect(readdir(cache())).rejects.toThrow('ENOENT');
});

test('a site that does not have it is said with its answer', async () => {
  await expect(fetchFrom('/absent', digest())).rejects.toThrow(/\/absent answers 404/);
});

test('a network that swallows what is sent does not hold up the next step for long', async () => {
  await expect(fetchFrom('/silent', digest(), 50)).rejects.toThrow(
    /^127\.0\.0\.1:\d+ did not answer in time$/,
  );
});

test('the archive of each pinned platform is named as the release names it', () => {
  expect(pinnedArchive('linux', 'x64').url).toBe(
    `https://github.com/nats-io/nats-server/releases/download/v${RELEASE_VERSION}/nats-server-v${RELEASE_VERSION}-linux-amd64.tar.gz`,
  );
  expect(pinnedArchive('win32', 'arm64').url).toMatch(/-windows-arm64\.zip$/);
  expect(pinnedArchive('darwin', 'arm64').sha256).toMatch(/^[0-9a-f]{64}$/);
});

test('a platform without a pinned checksum is refused with this reason', () => {
  expect(() => pinnedArchive('darwin', 'x64')).toThrow('no pinned checksum for darwin-amd64');
  expect(() => pinnedArchive('linux', 'riscv64')).toThrow('no pinned checksum for linux-riscv64');
});
