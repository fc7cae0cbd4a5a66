import fc from 'fast-check';
import { expect, test } from 'vitest';
import { OPERATORS } from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { toArchivedSample, type StoredSample, type StoredValue } from '../../src/backend/stored-sample.ts';
import { operate } from '../../src/operators/operate.ts';
import type { OperatorPosition } from '../../src/operators/operator-query.ts';
import { parseOperator } from '../../src/operators/operator-spec.ts';
import { isOperatorPosition } from '../../src/operators/position-check.ts';
import { ArraySource } from '../bins/array-source.ts';
import { anyMutation, mutated } from '../bins/mutated.ts';

const START_US = 1_795_305_600_000_000;
const END_US = START_US + 100e6;
const VALUES: readonly StoredValue[] = [1, NaN, 2.5, null, 'text', [1, NaN], -7];
const SOURCE = new ArraySource(
  Array.from({ length: 60 }, (_, place): StoredSample => {
    const timeUs = START_US + place * 1_700_000;
    return { timeUs, valueTimeUs: timeUs, status: 'nominal', value: VALUES[place % VALUES.length]! };
  }),
  3,
);

async function read(operator: string, from: OperatorPosition | undefined, mostSamples: number) {
  const part = await operate(SOURCE, {
    address: { component: 'wx', sensor: 'wind' },
    operator: parseOperator(operator),
    startUs: START_US,
    endUs: END_US,
    mostSamples,
    mostBytes: 1e6,
    mostMs: 0,
    from,
  });
  const samples = part.samples.map(toArchivedSample);
  validate('historyPage', { component: 'wx', sensor: 'wind', through: 0, samples });
  return part.next === undefined ? undefined : (JSON.parse(JSON.stringify(part.next)) as OperatorPosition);
}

const OPERATED = OPERATORS.map((name) => {
  if (name === 'ncount') return name;
  return name === 'flyers' ? 'flyers_20_0.1' : `${name}_7`;
});

test.each([...OPERATED, 'optimized', 'optimLastSample', 'meanSample_7'])(
  'a position of %s, changed by anybody, is refused or read like another',
  async (operator) => {
    const real: OperatorPosition[] = [];
    for (
      let from = await read(operator, undefined, 1);
      from !== undefined;
      from = await read(operator, from, 1)
    )
      real.push(from);
    expect(real.length).toBeGreaterThan(1);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...real), anyMutation, async (position, mutations) => {
        const changed = mutated(position, mutations);
        if (isOperatorPosition(changed, parseOperator(operator), START_US, END_US))
          await read(operator, changed, 100);
        else refused += 1;
      }),
      { numRuns: 150 },
    );
    expect(refused).toBeGreaterThan(20);
  },
);
