import { RE2JS } from 're2js';
import { MalformedPatternError } from '../errors.ts';
import type { Pattern } from './pattern.ts';

const LONGEST_EXPRESSION = 64 * 1024;

/** One alternative of an anchored list of names: word characters, and escaped dots and dashes as real clients send them. */
const LITERAL = /^(?:[A-Za-z0-9_:/ -]|\\[.\-_:/ ])*$/;

/**
 * A regular expression of RE2's language, searched anywhere in the text unless anchored: linear time whatever the expression is.
 *
 * Anchored lists of names (`^(?:a|b|c)$`), which real clients send by the hundred, become a hash look-up.
 * @throws {MalformedPatternError} when RE2 cannot express it
 */
export function regularExpression(source: string): Pattern {
  if (source.length > LONGEST_EXPRESSION)
    throw new MalformedPatternError(source, `is longer than ${LONGEST_EXPRESSION} characters`);
  const names = anchoredNames(source);
  if (names !== undefined) {
    const [only] = names;
    return { source, literal: names.size === 1 ? only : undefined, matches: (text) => names.has(text) };
  }
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(source);
  } catch (error) {
    throw new MalformedPatternError(
      source,
      `is no RE2 regular expression (${error instanceof Error ? error.message : String(error)})`,
    );
  }
  return { source, literal: undefined, matches: (text) => expression.test(text) };
}

function anchoredNames(source: string): Set<string> | undefined {
  const anchored = /^\^(?:\((?:\?:)?([^()]*)\)|([^|()]*))\$$/.exec(source);
  const body = anchored?.[1] ?? anchored?.[2];
  if (body === undefined) return undefined;
  const alternatives = body.split('|');
  if (!alternatives.every((alternative) => LITERAL.test(alternative))) return undefined;
  return new Set(alternatives.map((alternative) => alternative.replaceAll('\\', '')));
}
