import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkPolicy,
  LARGEST_POLICY_BYTES,
  parsePolicy,
  Policy,
  PolicyError,
  policyCoverage,
  sensorGlob,
  wildcardGlob,
  type PolicyFault,
} from '@katbus/protocol';

function faultsOf(document: unknown): readonly PolicyFault[] {
  try {
    checkPolicy(document);
  } catch (error) {
    if (error instanceof PolicyError) return error.faults;
    throw error;
  }
  return [];
}

describe('a list of rules', () => {
  it('is taken with any of the fields of a rule', () => {
    const rules = [
      { match: 'wx.*' },
      { match: '{m000,m001}.rsc.*', archiveIntervalSeconds: 0, normalIntervalSeconds: 0.5 },
      { match: 'a.b', longestSilenceSeconds: 0, deadBand: null, comment: 'why' },
      { match: '*', deadBand: { relative: 0.01 } },
    ];
    expect(parsePolicy(JSON.stringify(rules))).toEqual(rules);
    expect(parsePolicy('[]')).toEqual([]);
  });

  it.each([
    [[{ match: 7 }], 1, 'match'],
    [[{ match: 'a.*' }, { deadBand: 1 }], 2, 'match'],
    [[{ match: '' }], 1, 'match'],
    [[{ match: 'x'.repeat(257) }], 1, 'match'],
    [[{ match: '{a,b}'.repeat(10) }], 1, 'match'],
    [[{ match: 'a/b' }], 1, 'match'],
    [[{ match: 'a', archiveIntervalSeconds: -1 }], 1, 'archiveIntervalSeconds'],
    [[{ match: 'a', normalIntervalSeconds: '1' }], 1, 'normalIntervalSeconds'],
    [[{ match: 'a', longestSilenceSeconds: 1e9 }], 1, 'longestSilenceSeconds'],
    [[{ match: 'a', deadBand: { relative: -1 } }], 1, 'deadBand'],
    [[{ match: 'a', deadBand: { relativ: 1 } }], 1, 'deadBand'],
    [[{ match: 'a', deadBand: [1] }], 1, 'deadBand'],
    [[{ match: 'a', comment: 1 }], 1, 'comment'],
    [[{ match: 'a', comment: 'x'.repeat(501) }], 1, 'comment'],
    [[{ match: 'a', archiveInterval: 1 }], 1, 'archiveInterval'],
    [[{ match: 'a' }, 7], 2, ''],
    [[null], 1, ''],
    [{ match: 'a' }, 0, ''],
    ['text', 0, ''],
    [new Array(9).fill({ match: '{a,b}'.repeat(8) }), 0, ''],
    [new Array(9).fill({ match: 'm{1..250}.x' }), 0, ''],
    [new Array(90).fill({ match: 'm{a..z}.x' }), 0, ''],
    [[{ match: 'm{a..z}{a..z}.*' }], 1, 'match'],
    [new Array(1001).fill({ match: 'a' }), 0, ''],
  ])('is refused, naming rule and field: %j', (document, rule, field) => {
    expect(faultsOf(document)).toMatchObject([{ rule, field }]);
  });

  it('is refused with all of its faults', () => {
    const faults = faultsOf([{ match: 1, deadBand: -1 }, { match: 'a' }, { comment: 2, match: 'a' }]);
    expect(faults.map(({ rule, field }) => `${rule} ${field}`)).toEqual([
      '1 match',
      '1 deadBand',
      '3 comment',
    ]);
  });

  it('is refused when its text is too large or no JSON', () => {
    expect(() => parsePolicy(' '.repeat(LARGEST_POLICY_BYTES + 1))).toThrow(/larger than 256 kB/);
    expect(() => parsePolicy('[{')).toThrow('the policy is not JSON');
    expect(() => parsePolicy(Uint8Array.of(0xff))).toThrow('the policy is not JSON');
  });
});

const names = fc.stringMatching(/^[ab]{1,3}\.[ab.]{1,8}[ab]$/);
const wildcards = fc.stringMatching(/^[ab.?*]{1,9}$/);
const globs = fc.oneof(
  wildcards,
  names,
  wildcards.map((glob) => `{${glob},a.b}`),
  wildcards.map((glob) => `[ab]${glob}`),
  wildcards.map((glob) => `@(a|b)${glob}`),
);

describe('a glob of stars and question marks', () => {
  it('matches what minimatch matches', () => {
    fc.assert(
      fc.property(wildcards, names, (glob, name) => {
        expect(wildcardGlob(glob)?.matches(name)).toBe(sensorGlob(glob).matches(name));
      }),
      { numRuns: 5_000 },
    );
  });

  it('is no glob of this kind with anything else in it', () => {
    for (const glob of ['{a,b}', '[a]', 'a+(b)', '!a', String.raw`a\*`])
      expect(wildcardGlob(glob)).toBeUndefined();
  });

  it('takes no time however it is made', () => {
    const start = performance.now();
    expect(wildcardGlob('*a'.repeat(127))?.matches(`${'a'.repeat(120)}.${'a'.repeat(127)}b`)).toBe(false);
    expect(performance.now() - start).toBeLessThan(100);
  });
});

describe('a policy', () => {
  it('gives each sensor the first rule whose glob matches', () => {
    fc.assert(
      fc.property(
        fc.array(globs, { maxLength: 8 }),
        fc.array(names, { maxLength: 10 }),
        (matches, sensors) => {
          const policy = new Policy(matches.map((match) => ({ match })));
          for (const name of sensors) {
            const first = matches.findIndex((match) => sensorGlob(match).matches(name));
            const find = policy.finder(name.slice(0, name.indexOf('.')));
            expect(find(name)).toBe(first < 0 ? undefined : first);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('says how many sensors follow each rule, and which rules do nothing', () => {
    const policy = new Policy(['wx.a', 'wx.*', 'wx.b', 'gone.*'].map((match) => ({ match })));
    expect(policyCoverage(policy, ['wx.a', 'wx.b', 'wx.c', 'ups.a'])).toEqual({
      sensors: 4,
      governed: [1, 2, 0, 0],
      shadowed: [{ rule: 3, matching: 1, by: [2] }],
      unmatched: [4],
      ungoverned: 1,
    });
  });
});
