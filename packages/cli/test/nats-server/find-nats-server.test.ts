import { mkdir, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findNatsServer, NatsServerNotFoundError, PINNED_VERSION } from '@katbus/cli/nats-server';
import { goInstall } from '../../src/nats-server/go-install.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';
import type { TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { versionScript, writeProgram } from './fake-programs.ts';

let folder: TemporaryFolder;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await temporaryFolder('find-nats');
  env = { PATH: join(folder.path, 'bin'), KATBUS_CACHE: join(folder.path, 'cache') };
});
afterEach(() => folder.remove());

const place = (...parts: string[]) => join(folder.path, ...parts);
const cached = () => place('cache', 'nats-server', PINNED_VERSION, 'nats-server');

/** The look-up without the two steps that need a network. */
async function find() {
  const said: string[] = [];
  const found = await findNatsServer({ env, fetch: false, onProgress: (line) => said.push(line) });
  return { ...found, said };
}

describe('the order of places', () => {
  test('NATS_SERVER_BIN comes before PATH, and PATH before the cache', async () => {
    await writeProgram(cached(), versionScript('2.15.2'));
    expect(await find()).toMatchObject({ source: 'cache', path: cached(), version: '2.15.2' });

    await writeProgram(place('bin', 'nats-server'), versionScript('2.14.0'));
    expect(await find()).toMatchObject({ source: 'PATH', version: '2.14.0' });

    env.NATS_SERVER_BIN = await writeProgram(place('mine'), versionScript('2.13.1'));
    expect(await find()).toMatchObject({ source: 'NATS_SERVER_BIN', version: '2.13.1', said: [] });
  });

  test('a server older than 2.12 is passed over, said in one line, for a newer one further along PATH', async () => {
    const old = await writeProgram(place('bin', 'nats-server'), versionScript('2.9.10'));
    const newer = await writeProgram(place('later', 'nats-server'), versionScript('2.12.0'));
    env.PATH = [place('bin'), place('later')].join(delimiter);
    const found = await find();
    expect(found.path).toBe(newer);
    expect(found.said).toEqual([`passing over ${old}: 2.9.10 is older than 2.12.0`]);
  });

  test('a NATS_SERVER_BIN that is not there is said, and the next place is asked', async () => {
    env.NATS_SERVER_BIN = place('absent');
    await writeProgram(cached(), versionScript('2.15.2'));
    const found = await find();
    expect(found.source).toBe('cache');
    expect(found.said).toEqual([`passing over no file ${place('absent')}`]);
  });

  test('a program that is no nats-server is passed over', async () => {
    env.NATS_SERVER_BIN = await writeProgram(place('other'), '#!/bin/sh\necho hello\n');
    await expect(find()).rejects.toThrow(/does not say the version of a nats-server/);
  });
});

test('when no place has one, the error is one line that names each place and its reason', async () => {
  const error = await find().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(NatsServerNotFoundError);
  const { message, code, attempts } = error as NatsServerNotFoundError;
  expect(code).toBe('NATS_SERVER_NOT_FOUND');
  expect(attempts.map((attempt) => attempt.place)).toEqual(['NATS_SERVER_BIN', 'PATH', 'cache']);
  expect(message).toMatch(/NATS_SERVER_BIN \(not set\); PATH \(no nats-server there\); cache \(nothing in /);
  expect(message).not.toContain('\n');
});

describe('go install', () => {
  // Stands for the compiler, which takes a minute; the module that it is asked for is checked.
  const fakeGo = (made: string) =>
    `#!/bin/sh
[ "$1" = version ] && exit 0
[ "$2" = github.com/nats-io/nats-server/v2@v${PINNED_VERSION} ] || { echo "asked for $2" >&2; exit 1; }
${made}
`;
  const builds = `/bin/sleep 0.2; printf '#!/bin/sh\\necho nats-server: v${PINNED_VERSION}\\n' > "$GOBIN/nats-server"; /bin/chmod 755 "$GOBIN/nats-server"`;

  test('two builds at once both get a whole program, and leave nothing else in the cache', async () => {
    await writeProgram(place('bin', 'go'), fakeGo(builds));
    const said: string[] = [];
    const install = () => goInstall(place('cache'), env, (line) => said.push(line));
    expect(await Promise.all([install(), install()])).toEqual([cached(), cached()]);
    expect(await readdir(place('cache', 'nats-server', PINNED_VERSION))).toEqual(['nats-server']);
    expect(said[0]).toBe(`fetching nats-server ${PINNED_VERSION} with go install, this takes about a minute`);
    expect(await find()).toMatchObject({ source: 'cache', version: PINNED_VERSION });
  });

  test('a build that fails gives the last line of what it said, and leaves the cache empty', async () => {
    await writeProgram(place('bin', 'go'), fakeGo('echo "no such module" >&2; exit 1'));
    await expect(goInstall(place('cache'), env, () => undefined)).rejects.toThrow(/^no such module$/);
    expect(await readdir(place('cache', 'nats-server', PINNED_VERSION))).toEqual([]);
  });

  test('a machine without Go is told so', async () => {
    await mkdir(place('bin'));
    await expect(goInstall(place('cache'), env, () => undefined)).rejects.toThrow('there is no go command');
  });
});
