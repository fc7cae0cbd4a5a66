import { MalformedPatternError } from '../errors.ts';
import type { Pattern } from './pattern.ts';

/** Longer patterns than this many tokens are refused: no subject of Katbus has more than six. */
const MOST_TOKENS = 16;
const LONGEST_PATTERN = 512;

/**
 * A NATS subject pattern: tokens between dots, `*` for any one token, `>` as the last for one or more.
 * @throws {MalformedPatternError}
 */
export function natsPattern(source: string): Pattern {
  const tokens = source.split('.');
  if (source.length > LONGEST_PATTERN)
    throw new MalformedPatternError(source, `is longer than ${LONGEST_PATTERN} characters`);
  if (tokens.length > MOST_TOKENS)
    throw new MalformedPatternError(source, `has more than ${MOST_TOKENS} tokens`);
  for (const [place, token] of tokens.entries()) {
    if (token === '') throw new MalformedPatternError(source, 'has an empty token');
    // eslint-disable-next-line no-control-regex -- control characters are what must not get to the NATS protocol line
    if (/[\s\u0000-\u001f\u007f]/.test(token))
      throw new MalformedPatternError(source, 'holds a space or control character');
    if (token === '>' && place !== tokens.length - 1)
      throw new MalformedPatternError(source, 'has > before its end');
    if (token.length > 1 && /[*>]/.test(token)) {
      throw new MalformedPatternError(
        source,
        `has a wildcard inside the token "${token}"; it must stand alone`,
      );
    }
  }
  const literal = tokens.some((token) => token === '*' || token === '>') ? undefined : source;
  return {
    source,
    literal,
    matches:
      literal === undefined
        ? (subject) => matchTokens(tokens, subject.split('.'))
        : (subject) => subject === literal,
  };
}

function matchTokens(pattern: readonly string[], subject: readonly string[]): boolean {
  for (const [place, token] of pattern.entries()) {
    if (token === '>') return subject.length > place;
    const part = subject[place];
    if (part === undefined || (token !== '*' && token !== part)) return false;
  }
  return subject.length === pattern.length;
}
