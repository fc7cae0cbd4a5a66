import { describe, test } from 'vitest';
import { REQUIREMENTS } from '../../tools/requirements/index.ts';
import type { Requirement, RequirementName } from '../../tools/requirements/index.ts';
import { sharedCassandra } from './cassandra.ts';

type Describe = (name: string, suite: () => void) => void;

/**
 * A `describe` for tests that need what is named. On a machine that lacks it, and cannot fetch it, they are skipped, and `npm test`
 * says so in its closing table with the reason:
 *
 *     const describeWithChromium = await requires('chromium');
 *     describeWithChromium('the page', () => { ... });
 */
export async function requires(...needs: readonly (RequirementName | Requirement)[]): Promise<Describe> {
  const absent: string[] = [];
  for (const need of needs) {
    const requirement = typeof need === 'string' ? REQUIREMENTS[need] : need;
    const outcome = await requirement.find();
    if (outcome.state === 'missing') absent.push(`needs ${requirement.name}: ${outcome.reason}`);
  }
  if (absent.length === 0) {
    // Waited for here, where no time-out of a test or hook runs: on a busy machine it takes a minute. What goes wrong, tests are told.
    if (needs.includes('cassandra')) await sharedCassandra().catch(() => undefined);
    return describe;
  }
  return (name, suite) => {
    describe(name, () => {
      // The one that carries the reason: a suite that is skipped as a whole has no place for it.
      test('has what it needs', ({ skip }) => skip(absent.join(', and ')));
    });
    describe.skip(name, suite);
  };
}
