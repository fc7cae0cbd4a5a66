import { defineConfig } from 'vitest/config';

/** `--mode long` (`npm run test:long`) runs the tests that take minutes to hours, and only those. */
export default defineConfig(({ mode }) => {
  const isLong = mode === 'long';
  const kind = isLong ? 'long' : 'test';
  return {
    test: {
      include: [`packages/*/test/**/*.${kind}.ts`, `test/**/*.${kind}.ts`],
      globalSetup: ['./test/support/shared-cassandra.ts'],
      // The machine that runs them may have two cores, and real servers run beside the tests.
      maxWorkers: isLong ? 1 : 2,
      testTimeout: isLong ? 60 * 60_000 : 60_000,
      hookTimeout: 60_000,
    },
  };
});
