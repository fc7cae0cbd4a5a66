import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { SqliteBackend } from '../../../src/backend/sqlite/sqlite-backend.ts';
import { temporaryFolder } from '../../../../../test/support/temporary-folder.ts';
import { batch, DAY_START_US, everything, readAll, sampleRow } from '../rows.ts';

const WIND = { component: 'wx', sensor: 'wind_speed' };

/** The two faults that need a file system of their own. */
const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
const WHY_SKIPPED = 'mounting a tmpfs takes root on Linux';

let directory: string;

beforeEach(async () => {
  const folder = await temporaryFolder('faults');
  directory = folder.path;
  return () => folder.remove();
});

async function open(path = directory): Promise<SqliteBackend> {
  const backend = await SqliteBackend.open({ directory: path });
  onTestFinished(() => backend.close());
  return backend;
}

const oneSample = batch({ samples: [sampleRow({})] });
const dayFile = () => join(directory, 'days', '2026-11-22.db');

describe('the data directory', () => {
  test('is refused while another process has it, by name, and free as soon as that one is killed', async () => {
    const script = new URL('./crash-writer.ts', import.meta.url).pathname;
    const other = spawn(process.execPath, [script, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    await expect(open()).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`process ${other.pid}`) as string,
    });
    other.kill('SIGKILL');
    await once(other, 'exit');
    const backend = await open();
    expect((await backend.floor())?.sequence).toBeGreaterThan(0);
  });

  test('is refused a second time in one process, and free after close', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'LOCKED' });
    await first.close();
    await open();
  });

  test('on a read-only file system gives an error that says so', async ({ skip }) => {
    skip(!mayMount, WHY_SKIPPED);
    const mounted = await mountTmpfs('1m');
    execFileSync('mount', ['-o', 'remount,ro', mounted]);
    await expect(open(join(mounted, 'data'))).rejects.toMatchObject({ code: 'READ_ONLY', isRetryable: true });
  });
});

describe('a file of the archive', () => {
  test('written by a later version is refused, and left as it is', async () => {
    await (await open()).close();
    const path = join(directory, 'catalogue.db');
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const before = await readFile(path);
    await expect(open()).rejects.toMatchObject({ code: 'SCHEMA_VERSION', path });
    expect(await readFile(path)).toEqual(before);
  });

  test('that is somebody else’s database is refused', async () => {
    const path = join(directory, 'catalogue.db');
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE mine (x)');
    database.close();
    await expect(open()).rejects.toMatchObject({ code: 'FOREIGN_FILE', path });
  });

  test('that is damaged fails the write and the reading with its name, until it is moved away', async () => {
    await mkdir(join(directory, 'days'), { recursive: true });
    await writeFile(dayFile(), 'this is no database, and was never one '.repeat(200));
    const backend = await open();
    await expect(backend.write(oneSample)).rejects.toMatchObject({ code: 'CORRUPT', path: dayFile() });
    await expect(readAll(backend, { ...WIND, ...everything })).rejects.toMatchObject({ code: 'CORRUPT' });
    expect(await backend.floor()).toBeUndefined();
    await rm(dayFile());
    await backend.write(oneSample);
    expect(await readAll(backend, { ...WIND, ...everything })).toHaveLength(1);
  });

  test('explains itself to a person with the sqlite3 shell', async () => {
    const backend = await open();
    const values = [7.25, NaN, null, false, 'text', [1, NaN]];
    const samples = values.map((value, place) => sampleRow({ timeUs: DAY_START_US + place, value }));
    await backend.write(batch({ samples }));
    // Another process may read while we write.
    const database = new DatabaseSync(dayFile(), { readOnly: true });
    const rows = database.prepare('SELECT * FROM readable').all();
    database.close();
    expect(rows[0]).toEqual({
      time: '2026-11-22T00:00:00.000000Z',
      component: 'wx',
      sensor: 'wind_speed',
      status: 'nominal',
      value: 7.25,
      value_time: '2026-11-21T23:59:59.998500Z',
      t: DAY_START_US,
    });
    expect(rows.map(({ value }) => value)).toEqual([7.25, 'NaN', null, 'false', 'text', '[1,"NaN"]']);
  });
});

test('a full disk fails the write with its name; with room again, the same batch is written and nothing is lost', async ({
  skip,
}) => {
  skip(!mayMount, WHY_SKIPPED);
  const mounted = await mountTmpfs('4m');
  const ballast = join(mounted, 'ballast');
  await writeFile(ballast, new Uint8Array(2 * 1024 ** 2));
  const backend = await open(join(mounted, 'data'));
  const samplesOf = (number: number) =>
    Array.from({ length: 1_000 }, (_, place) => sampleRow({ timeUs: DAY_START_US + 1_000 * number + place }));
  const full = async () => {
    for (let number = 0; number < 100; number++) {
      try {
        await backend.write(batch({ samples: samplesOf(number) }));
      } catch (error) {
        return { number, error };
      }
    }
    throw new Error('the disk was never full');
  };
  const { number, error } = await full();
  expect(number).toBeGreaterThan(0);
  expect(error).toMatchObject({ code: 'DISK_FULL', isRetryable: true });
  await expect(backend.write(batch({ samples: samplesOf(number) }))).rejects.toMatchObject({
    code: 'DISK_FULL',
  });
  await rm(ballast);
  await backend.write(batch({ samples: samplesOf(number) }));
  const read = await readAll(backend, { ...WIND, ...everything });
  expect(read).toHaveLength(1_000 * (number + 1));
});

/** A small file system of its own. */
async function mountTmpfs(size: string): Promise<string> {
  const folder = await temporaryFolder('tmpfs');
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder.path]);
  onTestFinished(async () => {
    execFileSync('umount', ['--lazy', folder.path]);
    await folder.remove();
  });
  return folder.path;
}
