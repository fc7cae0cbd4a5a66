import { MalformedPatternError } from '../errors.ts';
import type { Pattern } from './pattern.ts';

const LONGEST_GLOB = 512;

/** Stands for any number of characters. */
const STAR = 'star';

/** What stands for one character; undefined: any. */
type Place = ((character: string) => boolean) | undefined;
type Part = Place | typeof STAR;

/**
 * A glob of redis' `PSUBSCRIBE`, over the whole text: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and `\` before what is meant literally.
 *
 * It matches what redis' own function matches (stringmatchlen in redis 7's util.c), its odd corners included: a bracket that is not closed ends with the
 * glob; `[]` matches nothing, `[^]` any character; `]` ends a bracket wherever it stands, but behind `-` it is a range's end; a range
 * may be written backwards; a `\` at the end is itself; the empty text is matched by the empty glob alone, not by `*`. Redis compares
 * bytes and this UTF-16 units: of names, which are ASCII, the same.
 *
 * Takes at most (length of the text) x (length of the glob) steps.
 * @throws {MalformedPatternError} only when it is too long
 */
export function redisGlob(source: string): Pattern {
  if (source.length > LONGEST_GLOB)
    throw new MalformedPatternError(source, `is longer than ${LONGEST_GLOB} characters`);
  const parts = readParts(source);
  const literal = literalOf(source);
  return {
    source,
    literal,
    matches: literal === undefined ? (text) => matchParts(parts, text) : (text) => text === literal,
  };
}

function readParts(source: string): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < source.length) {
    const character = source.charAt(at);
    if (character === '[') {
      const { place, end } = readBracket(source, at + 1);
      parts.push(place);
      at = end;
      continue;
    }
    if (character === '*') {
      if (parts.at(-1) !== STAR) parts.push(STAR);
    } else if (character === '?') {
      parts.push(undefined);
    } else {
      if (character === '\\' && at + 1 < source.length) at += 1;
      const meant = source.charAt(at);
      parts.push((found) => found === meant);
    }
    at += 1;
  }
  return parts;
}

/** @param at behind the opening bracket @returns `end`: behind the closing one */
function readBracket(source: string, at: number): { readonly place: Place; readonly end: number } {
  const isNegated = source[at] === '^';
  if (isNegated) at += 1;
  const ranges: (readonly [first: string, last: string])[] = [];
  while (at < source.length && source[at] !== ']') {
    const left = source.length - at;
    let first = source.charAt(at);
    let last = first;
    if (first === '\\' && left >= 2) {
      at += 1;
      first = last = source.charAt(at);
    } else if (left >= 3 && source[at + 1] === '-') {
      at += 2;
      last = source.charAt(at);
    }
    ranges.push(first <= last ? [first, last] : [last, first]);
    at += 1;
  }
  const isIn = (found: string) => ranges.some(([first, last]) => first <= found && found <= last);
  return { place: (found) => isIn(found) !== isNegated, end: at + 1 };
}

function literalOf(source: string): string | undefined {
  if (/[*?[]/.test(source.replaceAll(/\\./gs, ''))) return undefined;
  return source.replaceAll(/\\(.)/gs, '$1');
}

/** Goes back only to the last star: what the ones before it took need not be tried again, for the last can take anything in between. */
function matchParts(parts: readonly Part[], text: string): boolean {
  if (text === '') return parts.length === 0;
  let part = 0;
  let at = 0;
  let star = -1;
  let takenByStar = 0;
  while (at < text.length) {
    const next = parts[part];
    if (next === STAR) {
      star = part;
      takenByStar = at;
      part += 1;
    } else if (part < parts.length && (next === undefined || next(text.charAt(at)))) {
      part += 1;
      at += 1;
    } else if (star >= 0) {
      takenByStar += 1;
      at = takenByStar;
      part = star + 1;
    } else {
      return false;
    }
  }
  while (parts[part] === STAR) part += 1;
  return part === parts.length;
}
