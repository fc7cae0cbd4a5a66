import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { closingTable, exitCode } from './check/closing-table.ts';
import { LONG_OPTIONS, variableOf, type LongOption } from './check/long-options.ts';
import { runCommand, runStep } from './check/step.ts';
import type { StepResult } from './check/step.ts';
import { NO_REPORT, SUMMARY_FILE_VARIABLE } from './check/test-summary.ts';
import type { TestSummary } from './check/test-summary.ts';
import { REQUIREMENTS } from './requirements/index.ts';

// What `npm test` runs: every check, even when an early one fails, and a table at the end. Paths that follow are handed to vitest
// only. With --long (`npm run test:long`): the long tests, `*.long.ts`, and nothing else; --kills and the like make them shorter.
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean' }, kills: { type: 'string' }, 'outage-seconds': { type: 'string' } },
  allowPositionals: true,
});

let summary: TestSummary = NO_REPORT;
const steps: StepResult[] = [];

if (!values.long) {
  steps.push(
    await runStep('node', () => Promise.resolve(`${process.version} (${process.execPath})`)),
    await runStep('types', () => command('typescript', '--noEmit')),
    await runStep('lint', () => command('eslint', '.')),
    await runStep('format', () => command('prettier', '--check', '.')),
  );
}
// Looked for before the tests, so that what must be fetched is fetched once and is no part of a test's time.
for (const requirement of Object.values(REQUIREMENTS)) {
  await runStep(requirement.name, async () => {
    const outcome = await requirement.find((line) => console.log(line));
    const line = outcome.state === 'found' ? outcome.what : `missing: ${outcome.reason}`;
    console.log(line);
    return line;
  });
}
steps.push(await runStep('tests', () => vitest(values.long ?? false, positionals)));

console.log(closingTable(steps, summary));
process.exitCode = exitCode(steps, summary, process.env.CI === 'true');

async function command(packageName: string, ...commandArguments: string[]): Promise<string> {
  await runCommand(packageName, commandArguments);
  return '';
}

function longOptions(): Record<string, string> {
  const names = Object.keys(LONG_OPTIONS) as LongOption[];
  const given = names.map((name) => [variableOf(name), values[name]] as const);
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

async function vitest(isLong: boolean, paths: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'katbus-check-'));
  const file = join(folder, 'summary.json');
  const reporters = ['--reporter=default', '--reporter=./tools/check/summary-reporter.ts'];
  const mode = isLong ? ['--mode=long', '--passWithNoTests'] : [];
  try {
    const environment = { [SUMMARY_FILE_VARIABLE]: file, ...longOptions() };
    await runCommand('vitest', ['run', ...mode, ...reporters, ...paths], environment);
    return '';
  } finally {
    summary = await readFile(file, 'utf8').then(
      (text) => JSON.parse(text) as TestSummary,
      () => NO_REPORT,
    );
    await rm(folder, { recursive: true, force: true });
    if (isLong && summary.passed + summary.failed + summary.notRun.length === 0) {
      console.log('there are no long tests (*.long.ts) yet');
    }
  }
}
