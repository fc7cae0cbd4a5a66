import { RE2JS, RE2JSSyntaxException } from 're2js';
import { MalformedPatternError } from '../errors.ts';
import { exactNames, plainText } from './exact-names.ts';
import { expressionSize } from './expression-size.ts';
import type { Pattern } from './pattern.ts';

/**
 * Bounds of a regular expression. The last two keep both the compiling and the matching of one name at some milliseconds, whatever the
 * expression is; a list of names, which is not compiled, may be longer.
 */
export const EXPRESSION_LIMITS = {
  /** Characters of any. */
  characters: 65_536,
  /** Characters of one that is compiled. */
  compiledCharacters: 4_096,
  /** Instructions of the program that it becomes, about. */
  instructions: 4_000,
} as const;

/** Names are ASCII, and a class like `\pL` takes as long to compile as a thousand characters do. */
const FLAGS = RE2JS.DISABLE_UNICODE_GROUPS;

/** What only backtracking engines have: look-around and back-references. */
const BACKTRACKING = /\(\?<?[=!]|\\[1-9]|\\k</;
/** What RE2 and JavaScript read differently: an expression with one of these is never handed from the one to the other. */
const RE2_ONLY = /\\[AzZCQEapP]|\[\[:|\(\?P|\(\?[a-zA-Z-]+\)/;

/**
 * A regular expression of RE2's language, searched anywhere in the text unless anchored: linear time whatever the expression is.
 *
 * Anchored lists of names (`^(?:a|b|c)$`) become a hash look-up.
 * @throws {MalformedPatternError} when RE2 cannot express it; `needsBacktracking` says whether a backtracking engine might
 */
export function regularExpression(source: string): Pattern {
  const { characters } = EXPRESSION_LIMITS;
  if (source.length > characters)
    throw new MalformedPatternError(source, `is longer than ${characters} characters`);
  const names = exactNames(source);
  if (names !== undefined) {
    const [only] = names;
    return { source, literal: names.size === 1 ? only : undefined, matches: (text) => names.has(text) };
  }
  const part = plainText(source);
  if (part !== undefined) return { source, literal: undefined, matches: (text) => text.includes(part) };
  const expression = compile(source);
  return { source, literal: undefined, matches: (text) => expression.test(text) };
}

function compile(source: string): RE2JS {
  const { compiledCharacters, instructions } = EXPRESSION_LIMITS;
  const needsBacktracking = !RE2_ONLY.test(source);
  if (source.length > compiledCharacters) {
    const rule = `has more than ${compiledCharacters} characters and is no anchored list of names`;
    throw new MalformedPatternError(source, rule, { needsBacktracking });
  }
  if (expressionSize(source) > instructions) {
    const rule = `repeats too much: it would become a program of more than ${instructions} instructions`;
    throw new MalformedPatternError(source, rule, { needsBacktracking });
  }
  try {
    return RE2JS.compile(source, FLAGS);
  } catch (error) {
    if (!(error instanceof RE2JSSyntaxException)) throw error;
    const looksAround = BACKTRACKING.test(source);
    const reason = looksAround ? 'which has no look-around and no back-references' : error.message;
    throw new MalformedPatternError(source, `is no RE2 regular expression (${reason})`, {
      needsBacktracking: needsBacktracking && looksAround,
    });
  }
}
