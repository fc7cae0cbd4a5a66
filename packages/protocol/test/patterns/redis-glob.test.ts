import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedPatternError, redisGlob } from '@katbus/protocol';

describe('a redis glob', () => {
  it.each([
    ['m0*', 'm063_windspeed', true],
    ['*', 'anything', true],
    ['*:sensor', 'ns:sensor', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a*', 'a', true],
    ['**a**', 'xay', true],
    ['h[ae]llo', 'hello', true],
    ['h[ae]llo', 'hillo', false],
    ['h[^e]llo', 'hallo', true],
    ['h[^e]llo', 'hello', false],
    ['m[0-3]x', 'm2x', true],
    ['m[3-0]x', 'm2x', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['\\a', 'a', true],
    ['ABC', 'abc', false],
    ['', '', true],
  ])('%s on %s: %s', (glob, text, matches) => {
    expect(redisGlob(glob).matches(text)).toBe(matches);
  });

  it.each([
    ['the empty text is no star', '*', '', false],
    ['a bracket that is not closed ends with the glob', '[abc', 'b', true],
    ['so does an empty one', 'a[', 'a', false],
    ['and one that is only negated', 'a[^', 'ax', true],
    ['an empty bracket matches nothing', '[]', ']', false],
    ['nor does it begin with its end', '[]a]', 'a', false],
    ['an empty negated one matches anything', '[^]x', 'ax', true],
    ['] behind a dash is the end of a range', '[a-]', '^', true],
    ['and does not close the bracket', '[a-]b', 'ab', false],
    ['a dash that comes first is itself', '[-a]', '-', true],
    ['a \\ in a bracket says that the next is meant', '[\\]]', ']', true],
    ['but not as the end of a range', '[!-\\]]', 'A]', true],
    ['a \\ at the end of an open bracket is itself', '[\\', '\\', true],
    ['a \\ at the end is itself', 'a\\', 'a\\', true],
    ['! negates nothing', '[!a]', 'a', true],
    ['] alone is itself', 'a]', 'a]', true],
    ['^ is special only when it comes first', '[a^]', '^', true],
  ])('in odd corners does as redis: %s', (_, glob, text, matches) => {
    expect(redisGlob(glob).matches(text)).toBe(matches);
  });

  it('knows when it is literal', () => {
    expect(redisGlob('m000_wind').literal).toBe('m000_wind');
    expect(redisGlob('a\\*b').literal).toBe('a*b');
    expect(redisGlob('a\\').literal).toBe('a\\');
    for (const glob of ['a*', 'a?', '[a]', '\\\\*']) expect(redisGlob(glob).literal).toBeUndefined();
  });

  it('does not backtrack further than its last star', () => {
    const text = 'a'.repeat(50_000);
    expect(redisGlob(`${'*a'.repeat(200)}*b`).matches(text)).toBe(false);
    expect(redisGlob(`${'*a'.repeat(200)}*b`).matches(`${text}b`)).toBe(true);
  });

  it('is refused when it is too long', () => {
    expect(() => redisGlob('x'.repeat(513))).toThrow(MalformedPatternError);
  });

  it('matches what a matcher that tries everything matches', () => {
    const glob = fc.string({ unit: fc.constantFrom(...'ab*?[]^-\\'), maxLength: 9 });
    const text = fc.string({ unit: fc.constantFrom(...'ab]^-\\_'), maxLength: 6 });
    fc.assert(
      fc.property(glob, text, (source, tried) => {
        const pattern = redisGlob(source);
        expect(pattern.matches(tried)).toBe(tried === '' ? source === '' : tryEverything(source, tried));
        if (pattern.literal !== undefined) expect(pattern.matches(pattern.literal)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

/** Reads the glob again at each step, as redis does, and tries each length of each star. */
function tryEverything(glob: string, text: string): boolean {
  const [first, ...rest] = glob;
  const behind = rest.join('');
  if (first === undefined) return text === '';
  if (first === '*') return [...text, ''].some((_, taken) => tryEverything(behind, text.slice(taken)));
  const [found, ...others] = text;
  if (found === undefined) return false;
  const goOn = (where: string) => tryEverything(where, others.join(''));
  if (first === '?') return goOn(behind);
  if (first === '\\' && behind !== '') return behind.startsWith(found) && goOn(behind.slice(1));
  if (first !== '[') return first === found && goOn(behind);
  const [, negation = '', members = ''] = /^(\^?)((?:\\[^]|[^\]]-[^]|[^\]])*)/.exec(behind) ?? [];
  const tail = behind.slice(negation.length + members.length);
  const isMember = (members.match(/\\[^]|[^]-[^]|[^]/g) ?? []).some((member) => {
    const from = member.length === 2 ? member[1]! : member[0]!;
    const to = member.at(-1)!;
    return (from <= found && found <= to) || (to <= found && found <= from);
  });
  return isMember === (negation === '') && goOn(tail.slice(1));
}
