import { Minimatch } from 'minimatch';
import { MalformedPatternError } from '../errors.ts';
import type { Pattern } from './pattern.ts';

const LONGEST_GLOB = 256;

/**
 * A glob over `<component>.<KATCP sensor part>`, as policies write it: `*`, `?`, `[a-z]`, `{m000,m001}.rsc.*`.
 *
 * Sensor names hold no `/`, so `*` crosses dots. Comments and negation are off: `#` and `!` are no part of any name.
 * @throws {MalformedPatternError}
 */
export function sensorGlob(source: string): Pattern {
  if (source === '' || source.length > LONGEST_GLOB) {
    throw new MalformedPatternError(source, `must have 1 to ${LONGEST_GLOB} characters`);
  }
  const glob = new Minimatch(source, { nocomment: true, nonegate: true, dot: true });
  return {
    source,
    literal: /[*?[\]{}()!+@\\]/.test(source) ? undefined : source,
    matches: (name) => glob.match(name),
  };
}
