import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { SUMMARY_FILE_VARIABLE } from './test-summary.ts';
import type { NotRun, TestSummary } from './test-summary.ts';

/** Counts what vitest ran and collects why tests did not run, for the closing table of `npm test`. */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const file = process.env[SUMMARY_FILE_VARIABLE];
    if (file === undefined) throw new Error(`${SUMMARY_FILE_VARIABLE} is not set`);
    writeFileSync(file, JSON.stringify(summarise(modules, unhandledErrors.length)));
  }
}

function summarise(modules: readonly TestModule[], unhandledErrors: number): TestSummary {
  let passed = 0;
  let failed = unhandledErrors;
  const notRun: NotRun[] = [];
  for (const module of modules) {
    const file = relative(process.cwd(), module.moduleId);
    const silent: string[] = [];
    const reasons = new Set<string>();
    // A file that cannot be loaded, or a hook that throws outside of any test.
    if (module.state() === 'failed' && ![...module.children.allTests('failed')].length) failed++;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === 'passed') passed++;
      else if (state === 'failed') failed++;
      else {
        const result = test.result();
        const note = 'note' in result ? result.note : undefined;
        if (note === undefined) silent.push(test.fullName);
        else reasons.add(note);
      }
    }
    for (const why of reasons) notRun.push({ file, why });
    // Skipped tests beside a stated reason are the suite that it stands for; any other skip is named, so that none is silent.
    if (reasons.size === 0) for (const name of silent) notRun.push({ file, why: `is skipped: ${name}` });
  }
  return { passed, failed, notRun };
}
