import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { closingTable, exitCode } from '../../tools/check/closing-table.ts';
import { runStep } from '../../tools/check/step.ts';
import { SUMMARY_FILE_VARIABLE } from '../../tools/check/test-summary.ts';
import type { TestSummary } from '../../tools/check/test-summary.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

test('the reporter counts what passed and failed, a file that cannot be loaded too, and says why tests did not run', async () => {
  await using folder = await temporaryFolder('reporter');
  const file = join(folder.path, 'summary.json');
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const reporter = `--reporter=${join(ROOT, 'tools/check/summary-reporter.ts')}`;
  const ended = run(process.execPath, [vitest, 'run', reporter], {
    cwd: join(import.meta.dirname, 'fixtures/check'),
    env: { ...process.env, [SUMMARY_FILE_VARIABLE]: file },
  });
  await expect(ended).rejects.toMatchObject({ code: 1 });
  const summary = JSON.parse(await readFile(file, 'utf8')) as TestSummary;
  expect(summary).toMatchObject({ passed: 2, failed: 2 });
  expect([...summary.notRun].sort((a, b) => a.file.localeCompare(b.file))).toEqual([
    { file: 'mixed.fixture.ts', why: 'is skipped: is forgotten' },
    { file: 'needy.fixture.ts', why: 'needs telescope: none on this roof' },
  ]);
});

describe('the closing table', () => {
  const ok = { name: 'types', isOk: true, detail: '', durationMs: 1234 };
  const failed = { name: 'lint', isOk: false, detail: 'exit code 1', durationMs: 99 };
  const summary = {
    passed: 12,
    failed: 0,
    notRun: [{ file: 'test/a.test.ts', why: 'needs chromium: none' }],
  };

  test('has a row a step, a row for each thing that did not run, and the count as its last line', () => {
    expect(closingTable([ok, failed], summary).trim().split('\n')).toEqual([
      'ok      types     1.2 s',
      'FAILED  lint      0.1 s  exit code 1',
      'not run: test/a.test.ts needs chromium: none',
      'Tests: 12 passed, 0 failed',
    ]);
  });

  test('a failed step fails the whole; what did not run fails it on a CI machine only', () => {
    expect(exitCode([ok, failed], { ...summary, notRun: [] }, false)).toBe(1);
    expect(exitCode([ok], summary, false)).toBe(0);
    expect(exitCode([ok], summary, true)).toBe(1);
    expect(exitCode([ok], { ...summary, notRun: [] }, true)).toBe(0);
  });

  test('a step that throws has failed with its reason, and the next one still runs', async () => {
    expect(await runStep('one', () => Promise.reject(new Error('exit code 2')))).toMatchObject({
      isOk: false,
      detail: 'exit code 2',
    });
    expect(await runStep('two', () => Promise.resolve('fine'))).toMatchObject({ isOk: true, detail: 'fine' });
  });
});

test('an old Node gets one line that says which it is and how to get a newer one', async () => {
  const pretendOld = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.1.0'}})`;
  const guard = join(ROOT, 'tools/require-node.js');
  const old = run(process.execPath, ['--import', pretendOld, '--import', guard, '-e', '']);
  await expect(old).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^Katbus needs Node 24 or newer; this is v.*npm ci.*nodejs\.org\.\n$/,
    ) as string,
  });
  await expect(run(process.execPath, ['--import', guard, '-e', ''])).resolves.toMatchObject({ stderr: '' });
});
