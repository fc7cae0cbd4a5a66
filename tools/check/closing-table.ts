import type { StepResult } from './step.ts';
import type { TestSummary } from './test-summary.ts';

/** What `npm test` ends with: a row a step, a row for each thing that did not run, and the count as the last line. */
export function closingTable(steps: readonly StepResult[], summary: TestSummary): string {
  const width = Math.max(...steps.map(({ name }) => name.length));
  const rows = steps.map(({ name, isOk, detail, durationMs }) => {
    const seconds = `${(durationMs / 1000).toFixed(1)} s`;
    return `${isOk ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${seconds.padStart(8)}  ${detail}`.trimEnd();
  });
  const notRun = summary.notRun.map(({ file, why }) => `not run: ${file} ${why}`);
  return ['', ...rows, ...notRun, `Tests: ${summary.passed} passed, ${summary.failed} failed`].join('\n');
}

/** Non-zero when a step failed; on a CI machine, which is made to have everything, also when something did not run. */
export function exitCode(steps: readonly StepResult[], summary: TestSummary, isCi: boolean): number {
  if (steps.some(({ isOk }) => !isOk)) return 1;
  return isCi && summary.notRun.length > 0 ? 1 : 0;
}
