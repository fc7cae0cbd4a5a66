import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { MemoryBackend } from '../../src/backend/memory/memory-backend.ts';
import type { CopyArchive } from '../../src/copy/copy-archive.ts';
import { openSqliteArchive } from '../../src/copy/open-sqlite-archive.ts';
import { StoreError } from '../../src/errors.ts';
import { temporaryFolder, type TemporaryFolder } from '../../../../test/support/temporary-folder.ts';
import { anyArchive, contentOf, copyAll, fill, FLOOR } from './copy-fixture.ts';

const small = { safeAfterSeconds: 0, batchSamples: 20 } as const;

/** An archive in memory, with batches so small that there are many. */
function memoryArchive(backend = new MemoryBackend()): CopyArchive {
  return {
    backend,
    identity: 'memory',
    ...small,
    prepareReading: () => Promise.resolve(),
    makeSafe: () => Promise.resolve(),
    settle: () => Promise.resolve(),
    close: () => backend.close(),
  };
}

/** Fails, or is set back, at some writes. */
class TroubledBackend extends MemoryBackend {
  writes = 0;
  trouble: (writes: number) => 'none' | 'fails' | 'dies' | 'is set back' = () => 'none';

  override async write(batch: Parameters<MemoryBackend['write']>[0]) {
    const trouble = this.trouble(++this.writes);
    if (trouble === 'fails') throw new StoreError('BUSY', 'it has too much to do');
    if (trouble === 'dies') throw new StoreError('CRASHED', 'it is gone');
    const summary = await super.write(batch);
    return trouble === 'is set back' ? { ...summary, setBack: 'a node was booted anew' } : summary;
  }
}

describe('a copy of an archive', () => {
  let folder: TemporaryFolder;
  let state: string;
  let source: CopyArchive;
  let expected: object;

  beforeEach(async () => {
    folder = await temporaryFolder('copy');
    state = join(folder.path, 'state.json');
    source = memoryArchive();
    await fill(source.backend, anyArchive());
    expected = await contentOf(source.backend);
  });
  afterEach(() => folder.remove());

  test('has all that the source has', async () => {
    const target = memoryArchive();
    const report = await copyAll(source, target, state);
    expect(report).toMatchObject({ samples: 401, compared: 401, differences: 0 });
    expect(await contentOf(target.backend)).toEqual(expected);
    expect(existsSync(state)).toBe(false);
  });

  test('goes into files and out of them again', { timeout: 120_000 }, async () => {
    const target = await openSqliteArchive(join(folder.path, 'data'), false);
    await copyAll(source, target, state);
    expect(await contentOf(target.backend)).toEqual(expected);
    await target.close();
    const files = await openSqliteArchive(join(folder.path, 'data'), true);
    const lines: string[] = [];
    const again = memoryArchive();
    expect(await copyAll(files, again, state, (line) => lines.push(line))).toMatchObject({ differences: 0 });
    expect(lines.filter((line) => line.startsWith('making chunks of'))).toHaveLength(3);
    expect(await contentOf(again.backend)).toEqual(expected);
    await files.close();
  });

  test('goes on where it was when it was interrupted', async () => {
    const backend = new TroubledBackend();
    backend.trouble = (writes) => (writes > 10 ? 'dies' : 'none');
    await expect(copyAll(source, memoryArchive(backend), state)).rejects.toMatchObject({ code: 'CRASHED' });
    expect(existsSync(state)).toBe(true);
    backend.trouble = () => 'none';
    const lines: string[] = [];
    const report = await copyAll(source, memoryArchive(backend), state, (line) => lines.push(line));
    expect(lines.find((line) => line.startsWith('going on after'))).toBeDefined();
    expect(report).toMatchObject({ samples: 401, differences: 0 });
    expect(await contentOf(backend)).toEqual(expected);
  });

  test('tries again what the target could not take', async () => {
    const backend = new TroubledBackend();
    backend.trouble = (writes) => (writes === 5 ? 'fails' : 'none');
    const lines: string[] = [];
    await copyAll(source, memoryArchive(backend), state, (line) => lines.push(line));
    expect(lines).toContain('trying again: it has too much to do');
    expect(await contentOf(backend)).toEqual(expected);
  });

  test('goes back to what is safe when the target may have lost what it acknowledged', async () => {
    const backend = new TroubledBackend();
    backend.trouble = (writes) => (writes === 12 ? 'is set back' : 'none');
    const target = { ...memoryArchive(backend), safeAfterSeconds: 3_600 };
    const lines: string[] = [];
    const report = await copyAll(source, target, state, (line) => lines.push(line));
    // Nothing was safe yet.
    expect(lines).toContain('going back to what is safe, 0 samples: a node was booted anew');
    expect(report).toMatchObject({ samples: 401, differences: 0 });
    expect(await contentOf(backend)).toEqual(expected);
  });

  test('says what the target does not have as it is, and no floor then', async () => {
    class LosingBackend extends MemoryBackend {
      override write(batch: Parameters<MemoryBackend['write']>[0]) {
        const samples = [...batch.samples].map((row, place) =>
          row.sensor === 's_7' && place % 2 === 0 ? { ...row, value: 'another' } : row,
        );
        return super.write({ ...batch, samples: samples.filter(({ sensor }) => sensor !== 's_9') });
      }
    }
    const target = memoryArchive(new LosingBackend());
    const report = await copyAll(source, target, state);
    expect(report.differences).toBeGreaterThan(16);
    expect(report.examples.some((line) => line.startsWith('different: m000.s_7 at '))).toBe(true);
    expect(report.examples.some((line) => /^missing: \w+\.s_9 at /.test(line))).toBe(true);
    expect(await target.backend.floor()).toBeUndefined();
  });

  test('waits for a source that is out, and goes on where it was', async () => {
    class AwayBackend extends MemoryBackend {
      reads = 0;
      isAway: (reads: number) => boolean = () => false;
      override history(query: Parameters<MemoryBackend['history']>[0]) {
        if (this.isAway(++this.reads)) throw new StoreError('UNAVAILABLE', 'no node answers');
        return super.history(query);
      }
    }
    const away = new AwayBackend();
    await fill(away, anyArchive());
    const target = memoryArchive();
    const lines: string[] = [];
    // Twice while it copies, once while it compares.
    away.isAway = (reads) => reads === 30 || reads === 31 || reads === 260;
    const report = await copyAll(memoryArchive(away), target, state, (line) => lines.push(line));
    expect(lines.filter((line) => line === 'trying again: no node answers')).toHaveLength(3);
    expect(report).toMatchObject({ samples: 401, compared: 401, differences: 0 });
    expect(await contentOf(target.backend)).toEqual(expected);
  });

  test('finds again what was different before it was interrupted', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    let reads = 0;
    let most = Infinity;
    class SlowBackend extends MemoryBackend {
      override history(query: Parameters<MemoryBackend['history']>[0]) {
        // Each place is one to go on from.
        vi.setSystemTime(Date.now() + 2_000);
        if (++reads > most) throw new StoreError('CRASHED', 'cut off');
        return super.history(query);
      }
    }
    const [first] = anyArchive();
    class WrongBackend extends MemoryBackend {
      override write(batch: Parameters<MemoryBackend['write']>[0]) {
        const samples = [...batch.samples].map((row) =>
          row.timeUs === first!.timeUs ? { ...row, value: 'another' } : row,
        );
        return super.write({ ...batch, samples });
      }
    }
    const slow = memoryArchive(new SlowBackend());
    await fill(slow.backend, anyArchive());
    await copyAll(slow, memoryArchive(), state);
    most = Math.floor(1.9 * reads);
    const target = memoryArchive(new WrongBackend());
    await expect(copyAll(slow, target, state)).rejects.toMatchObject({ code: 'CRASHED' });
    expect(reads).toBe(most + 1);
    most = Infinity;
    const report = await copyAll(slow, target, state);
    expect(report).toMatchObject({ differences: 1, compared: 401 });
    expect(report.examples[0]).toMatch(/^different: wx\.s_0 at /);
  });

  test('leaves what the target has already, and its floor', async () => {
    const target = memoryArchive();
    await fill(target.backend, [{ ...anyArchive()[0]!, sensor: 'its_own', value: 'stays' }]);
    await target.backend.write({
      samples: [],
      attributes: [],
      quarantine: [],
      gaps: [],
      floor: { ...FLOOR, sequence: 9_999 },
    });
    expect(await copyAll(source, target, state)).toMatchObject({ differences: 0 });
    expect((await target.backend.floor())?.sequence).toBe(9_999);
    expect(await target.backend.sensor({ component: 'wx', sensor: 'its_own' })).toBeDefined();
  });
});
