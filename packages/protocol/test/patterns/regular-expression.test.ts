import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXPRESSION_LIMITS, MalformedPatternError, regularExpression } from '@katbus/protocol';
import { expressionSize } from '../../src/patterns/expression-size.ts';
import { exactNames } from '../../src/patterns/exact-names.ts';
import { RE2JS } from 're2js';

/** As Python's re.escape has written names since 3.7, and before. */
const escapes = {
  new: (name: string) => name.replaceAll(/[.\-:/ ]/g, '\\$&'),
  old: (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '\\$&'),
};

describe('a regular expression', () => {
  it('is searched anywhere unless anchored', () => {
    expect(regularExpression('wind').matches('wx_wind_speed')).toBe(true);
    expect(regularExpression('^wind').matches('wx_wind_speed')).toBe(false);
    expect(regularExpression('sp[e]+d$').matches('wx_wind_speed')).toBe(true);
    expect(regularExpression('wx\\.wind').matches('wx_wind')).toBe(false);
    expect(regularExpression('').matches('anything')).toBe(true);
  });

  it.each(Object.entries(escapes))('becomes a look-up when it lists 800 escaped names (%s)', (_, escape) => {
    const names = Array.from({ length: 800 }, (_unused, i) => `m0${i % 64}.rsc.rx-${i}`);
    const source = `^(?:${names.map(escape).join('|')})$`;
    expect(source.length).toBeGreaterThan(EXPRESSION_LIMITS.compiledCharacters);
    const list = regularExpression(source);
    for (const name of names) expect(list.matches(name)).toBe(true);
    expect(list.matches('m00.rsc.rx')).toBe(false);
    expect(list.matches('m00_rsc_rx_0')).toBe(false);
  });

  it.each([
    ['^(?:a|b)$', ['a', 'b']],
    ['^(a|b)$', ['a', 'b']],
    ['^a$|^b$', ['a', 'b']],
    ['^(?:a|b)$|^c\\.d$', ['a', 'b', 'c.d']],
    ['^$', ['']],
    ['^(?:|a)$', ['', 'a']],
    ['^a|b$', undefined],
    ['^(?:a|b)', undefined],
    ['^(?:a|b.)$', undefined],
    ['^(?:a|(b))$', undefined],
    ['^(?:a$|b)$', undefined],
    ['^(?=a)$', undefined],
    ['^(?:a|b)$|', undefined],
    ['^(?:a|b)+$', undefined],
    ['^\\d$', undefined],
    ['^\\', undefined],
    ['^(?:a', undefined],
    ['a', undefined],
    ['', undefined],
  ])('%s lists %j', (source, names) => {
    expect([...(exactNames(source) ?? [])]).toEqual(names ?? []);
    expect(exactNames(source) === undefined).toBe(names === undefined);
  });

  it('knows when it is literal', () => {
    expect(regularExpression('^wx_wind$').literal).toBe('wx_wind');
    expect(regularExpression('^(?:wx\\.wind)$').literal).toBe('wx.wind');
    expect(regularExpression('wx_wind').literal).toBeUndefined();
  });

  it('takes linear time where a backtracking one would hang', () => {
    expect(regularExpression('^(a+)+$').matches(`${'a'.repeat(5_000)}!`)).toBe(false);
    expect(regularExpression('^(a|aa)*b$').matches('a'.repeat(5_000))).toBe(false);
  });

  it.each([
    '(',
    'a**',
    '[z-a]',
    '\\pL',
    '\\Z',
    '\\',
    'a{1001}',
    `${'('.repeat(1_500)}${')'.repeat(1_500)}`,
    'x'.repeat(65_537),
  ])('is refused for good: %.20j', (source) => {
    const error = refusal(source);
    expect(error).toBeInstanceOf(MalformedPatternError);
    expect(error?.needsBacktracking).toBe(false);
  });

  it.each([
    ['(?!agg_).*', /look-around/],
    ['(?<=a)b', /look-around/],
    ['(a)\\1', /back-ref/],
    ['(a{1000}){1000}', /instructions/],
    ['((ab|c){100}){100}', /instructions/],
    ['(?:[a-z]{99}x){60}', /instructions/],
    ['m0.'.repeat(2_000), /4096 characters/],
  ])('is refused, with a hint that another engine may have it: %.20s', (source, reason) => {
    const error = refusal(source);
    expect(error?.message).toMatch(reason);
    expect(error?.needsBacktracking).toBe(true);
  });

  it('gives no such hint for what another engine would read differently', () => {
    expect(refusal(`(?!a)\\z`)?.needsBacktracking).toBe(false);
    expect(refusal(`[[:alpha:]]${'m0.'.repeat(2_000)}`)?.needsBacktracking).toBe(false);
  });

  it('finds what the engine of JavaScript finds', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ab_.'), maxLength: 8 });
    fc.assert(
      fc.property(expressions, text, (source, tried) => {
        expect(regularExpression(source).matches(tried)).toBe(new RegExp(source).test(tried));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is not larger than was reckoned before it was compiled', () => {
    fc.assert(
      fc.property(expressions, fc.nat(9), (source, times) => {
        const repeated = `(?:${source}){${times}}[a-z\\]]\\x{41}`;
        expect(RE2JS.compile(repeated).programSize()).toBeLessThanOrEqual(expressionSize(repeated) + 2);
      }),
      { numRuns: 1_000 },
    );
  });
});

function refusal(source: string): MalformedPatternError | undefined {
  try {
    regularExpression(source);
  } catch (error) {
    return error as MalformedPatternError;
  }
  return undefined;
}

/** Of what both engines read alike. */
const { expressions } = fc.letrec<{ expressions: string; atom: string }>((tie) => ({
  expressions: fc.oneof(
    { depthSize: 'small' },
    tie('atom'),
    fc.tuple(tie('expressions'), tie('expressions')).map(([one, other]) => one + other),
    fc.tuple(tie('expressions'), tie('expressions')).map(([one, other]) => `${one}|${other}`),
    tie('expressions').map((inner) => `(?:${inner})`),
    fc
      .tuple(tie('expressions'), fc.constantFrom('*', '+', '?', '{2}', '{1,3}', '*?'))
      .map(([inner, times]) => `(${inner})${times}`),
    fc.tuple(tie('expressions'), tie('expressions')).map(([one, other]) => `^(?:${one}|${other})$`),
  ),
  atom: fc.constantFrom('a', 'b', '_', '.', '\\.', '[ab]', '[^a]', '^', '$', '\\w', ''),
}));
