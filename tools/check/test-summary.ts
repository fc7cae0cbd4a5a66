/** What a run of vitest came to. Written by the reporter as JSON, read by the check. */
export interface TestSummary {
  readonly passed: number;
  /** Tests that failed, and files that could not be loaded: those have no tests to count. */
  readonly failed: number;
  readonly notRun: readonly NotRun[];
}

/** Tests of one file that did not run for one reason. */
export interface NotRun {
  /** Relative to the root of the repository. */
  readonly file: string;
  /** `needs chromium: ...`, or the name of a test that is skipped without one. */
  readonly why: string;
}

/** When vitest ends without a report, that itself is the failure. */
export const NO_REPORT: TestSummary = { passed: 0, failed: 1, notRun: [] };

/** Where the reporter, which runs in vitest's process, finds the name of the file to write. */
export const SUMMARY_FILE_VARIABLE = 'KATBUS_TEST_SUMMARY';
