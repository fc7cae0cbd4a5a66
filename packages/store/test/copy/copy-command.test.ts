import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SqliteBackend } from '../../src/backend/sqlite/sqlite-backend.ts';
import { katbus, plainEnvironment } from '../../../../test/support/katbus-up.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { batch, DAY_START_US, sampleRow } from '../backend/rows.ts';
import { anyArchive, contentOf, fill } from './copy-fixture.ts';

const KATBUS = join(import.meta.dirname, '../../../cli/src/main.ts');
const MANY = 300_000;
const SENSORS = 30;

describe('katbus copy', () => {
  let folder: TemporaryFolder;
  let words: string[];
  let state: string;

  beforeEach(async () => {
    folder = await temporaryFolder('copy-command');
    state = join(folder.path, 'state.json');
    words = ['--from', `sqlite:${folder.path}/a`, '--to', `sqlite:${folder.path}/b`, '--state', state];
  });
  afterEach(() => folder.remove());

  async function inArchive<Result>(name: string, act: (backend: SqliteBackend) => Promise<Result>) {
    const backend = await SqliteBackend.open({ directory: join(folder.path, name) });
    try {
      return await act(backend);
    } finally {
      await backend.close();
    }
  }

  test('copies, compares, and says so', { timeout: 120_000 }, async () => {
    const expected = await inArchive('a', async (backend) => {
      await fill(backend, anyArchive());
      return contentOf(backend);
    });
    const { code, stdout, stderr } = await katbus('copy', ...words);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      'copied 401 samples; compared 401 samples and the attributes of 50 sensors: all are there',
    );
    expect(await inArchive('b', contentOf)).toEqual(expected);
  });

  test('that is killed goes on where it was, and loses nothing', { timeout: 300_000 }, async () => {
    await inArchive('a', (backend) => {
      const samples = Array.from({ length: MANY }, (_, place) =>
        sampleRow({
          sensor: `s_${place % SENSORS}`,
          timeUs: DAY_START_US - 2 * 86_400e6 + place * 0.5e6,
          value: place,
        }),
      );
      return backend.write(batch({ samples }));
    });
    let kills = 0;
    while (kills < 3 && (await isKilledUnderWay())) kills++;
    expect(kills).toBeGreaterThan(0);
    const { code, stdout } = await katbus('copy', ...words);
    expect(code).toBe(0);
    expect(stdout).toMatch(/going on after \d+ samples/);
    expect(stdout).toContain(': all are there');
    const [ours, theirs] = [await inArchive('a', contentOf), await inArchive('b', contentOf)];
    expect(theirs).toEqual(ours);
  });

  /** Kills a copy as soon as it has come further. @returns false: it came to its end */
  async function isKilledUnderWay(): Promise<boolean> {
    const before = samplesOf(state);
    const child = spawn(process.execPath, [KATBUS, 'copy', ...words], {
      env: plainEnvironment(),
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await waitFor(() => child.exitCode !== null || samplesOf(state) > before, {
      what: 'a copy that has come further',
      timeoutMs: 60_000,
    });
    child.kill('SIGKILL');
    await ended;
    return child.signalCode === 'SIGKILL';
  }

  test('names what is wrong', { timeout: 120_000 }, async () => {
    const outcome = async (...args: string[]) => {
      const { code, stderr } = await katbus('copy', ...args);
      return [code, stderr];
    };
    expect(await outcome('--from', 'sqlite:x')).toEqual([
      2,
      expect.stringContaining("required option '--to <archive>' not specified"),
    ]);
    expect(await outcome('--from', 'somewhere', '--to', 'sqlite:x')).toEqual([
      2,
      expect.stringContaining('It is sqlite:<data directory>, cassandra:<keyspace>'),
    ]);
    expect(await outcome(...words)).toEqual([1, expect.stringContaining('/a is no data directory')]);
    await inArchive('a', async () => {
      expect(await outcome(...words)).toEqual([1, expect.stringContaining('/a is in use by another store')]);
    });
  });
});

function samplesOf(state: string): number {
  if (!existsSync(state)) return 0;
  const { place } = JSON.parse(readFileSync(state, 'utf8')) as { place: { samples: number } };
  return place.samples;
}
