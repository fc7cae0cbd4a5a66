import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseArchiveName, printArchiveName } from '../../src/copy/archive-name.ts';
import { CopyState, type CopyRoute } from '../../src/copy/copy-state.ts';
import { ROUTE } from './copy-fixture.ts';
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts';

test('names of archives are read and printed', () => {
  for (const name of [
    'sqlite:./var/store',
    'cassandra:katbus',
    'cassandra://db1,db2:9043/katbus_2',
    'sqlite:C:\\data',
  ]) {
    expect(printArchiveName(parseArchiveName(name))).toBe(name);
  }
});

test.for(['', 'sqlite:', './var/store', 'cassandra:', 'cassandra:Katbus', 'cassandra://db1', 'memory:'])(
  'no archive: "%s"',
  (name) => {
    expect(() => parseArchiveName(name)).toThrow('It is sqlite:<data directory>');
  },
);

test('a place is written down when it is safe, and found again', async () => {
  const folder = await temporaryFolder('copy-state');
  const path = join(folder.path, 'state.json');
  const state = new CopyState(path, ROUTE, 60_000);
  state.reach({ part: 'samples', day: 1, samples: 10 }, 1_000_000);
  state.reach({ part: 'samples', day: 2, samples: 20 }, 1_058_000);
  expect(new CopyState(path, ROUTE, 60_000).safe).toEqual({ part: 'attributes', samples: 0 });
  state.reach({ part: 'samples', day: 3, samples: 30 }, 1_060_000);
  expect(new CopyState(path, ROUTE, 60_000).safe).toEqual({ part: 'samples', day: 1, samples: 10 });
  expect(state.goBack().samples).toBe(10);
  state.reach({ part: 'samples', day: 2, samples: 20 }, 2_000_000);
  expect(state.safe.samples).toBe(10);
  const refusal = (route: Partial<CopyRoute>) => () => new CopyState(path, { ...ROUTE, ...route }, 0);
  expect(refusal({ source: '3', target: '4' })).toThrow('is of a copy from a to b: remove it');
  expect(refusal({ source: '3' })).toThrow('is of a copy from another archive than a:');
  expect(refusal({ target: '3' })).toThrow('is of a copy into another archive than b:');
  // The same ones, by other names.
  expect(refusal({ from: 'c', to: 'd' })).not.toThrow();
  writeFileSync(path, '{}');
  expect(() => new CopyState(path, ROUTE, 0)).toThrow('is no state of a copy');
  writeFileSync(path, '{');
  expect(() => new CopyState(path, ROUTE, 0)).toThrow('cannot be read');
  await folder.remove();
});
