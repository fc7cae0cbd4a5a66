import { Minimatch } from 'minimatch';
import { MalformedPatternError } from '../errors.ts';
import type { Pattern } from './pattern.ts';

const LONGEST_GLOB = 256;
/** `{a,b}` written ten times in a row makes 1,024 globs, each of which is looked at for each name. */
const MOST_ALTERNATIVES = 256;

/**
 * A glob over `<component>.<KATCP sensor part>`, as policies write it: `*`, `?`, `[a-z]`, `{m000,m001}.rsc.*`.
 *
 * Sensor names hold no `/`, so `*` crosses dots. Comments and negation are off: `#` and `!` are no part of any name. Linear time: minimatch
 * does not backtrack.
 * @throws {MalformedPatternError}
 */
export function sensorGlob(source: string): Pattern {
  if (source === '' || source.length > LONGEST_GLOB) {
    throw new MalformedPatternError(source, `must have 1 to ${LONGEST_GLOB} characters`);
  }
  const glob = new Minimatch(source, {
    nocomment: true,
    nonegate: true,
    dot: true,
    braceExpandMax: MOST_ALTERNATIVES + 1,
  });
  // Not by `set`, in which globs with wildcards are one automaton: those beyond the bound would be left out in silence.
  if (glob.globSet.length > MOST_ALTERNATIVES)
    throw new MalformedPatternError(source, `has braces that stand for more than ${MOST_ALTERNATIVES} globs`);
  return {
    source,
    literal: /[*?[\]{}()!+@\\]/.test(source) ? undefined : source,
    matches: (name) => glob.match(name),
  };
}
