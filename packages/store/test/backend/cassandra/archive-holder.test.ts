import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveHolder } from '../../../src/backend/cassandra/archive-holder.ts';
import { SqliteBackend } from '../../../src/backend/sqlite/sqlite-backend.ts';
import { testFolder } from '../../store-fixture.ts';

test('whoever has the lock of a folder is who had it before', async () => {
  const folder = await testFolder();
  const first = archiveHolder(folder, 'archive');
  expect(first.identity).toMatch(/^[0-9a-f]+$/);
  first.release();
  const second = archiveHolder(folder, 'archive');
  expect(second).toMatchObject({ identity: first.identity, trouble: undefined });
  second.release();
});

test('a second one of a folder is somebody new, and no trouble', async () => {
  const folder = await testFolder();
  const first = archiveHolder(folder, 'archive');
  const second = archiveHolder(folder, 'archive');
  const third = archiveHolder(folder, 'archive');
  expect(new Set([first, second, third].map(({ identity }) => identity)).size).toBe(3);
  expect([second, third].map(({ trouble }) => trouble)).toEqual([undefined, undefined]);
  // What was never had cannot be given back.
  second.release();
  expect(archiveHolder(folder, 'archive').identity).not.toBe(first.identity);
  first.release();
});

test('of another archive it is another one', async () => {
  const folder = await testFolder();
  const one = archiveHolder(folder, 'one');
  one.release();
  const other = archiveHolder(folder, 'other');
  expect(other.identity).not.toBe(one.identity);
  other.release();
});

test('an archive of files in the folder is not locked by it, and is another one', async () => {
  const folder = await testFolder();
  const holder = archiveHolder(folder, 'archive');
  const files = await SqliteBackend.open({ directory: folder });
  expect(files.identity).not.toBe(holder.identity);
  await files.close();
  holder.release();
});

test('without a folder, or with one that cannot be made, it is somebody new, and tells why', async () => {
  expect(archiveHolder(undefined, 'archive').trouble).toBeUndefined();
  const folder = await testFolder();
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'data', 'cassandra'), 'a file');
  const holder = archiveHolder(join(folder, 'data'), 'archive');
  expect(holder.identity).toMatch(/^[0-9a-f]+$/);
  expect(holder.trouble?.message).toContain(join(folder, 'data', 'cassandra'));
  expect(existsSync(join(folder, 'data', 'lock.db'))).toBe(false);
});
