import { decodeFloat, type Attributes, type SampleValue } from '@katbus/protocol';

/** How the samples of a sensor are shown: a curve, steps between named levels, or only a table. */
export type PlotKind =
  | { readonly name: 'curve' }
  | { readonly name: 'levels'; readonly levels: readonly string[] }
  | { readonly name: 'table' };

/** More levels than this cannot be told apart on the axis. */
export const MOST_LEVELS = 16;

/**
 * @param newest decides where the attributes say no type of ours
 */
export function plotKind(attributes: Attributes | undefined, newest: SampleValue | undefined): PlotKind {
  switch (attributes?.type) {
    case 'integer':
    case 'float':
      return { name: 'curve' };
    case 'boolean':
      return { name: 'levels', levels: ['false', 'true'] };
    case 'lru':
      return { name: 'levels', levels: ['error', 'nominal'] };
    case 'discrete': {
      const { params } = attributes;
      const levels =
        typeof params === 'string' ? params.split(/[,\s]+/).filter(Boolean) : (params ?? []).map(String);
      return levels.length <= MOST_LEVELS ? { name: 'levels', levels } : { name: 'table' };
    }
    case undefined:
      if (typeof newest === 'boolean') return { name: 'levels', levels: ['false', 'true'] };
      return typeof newest === 'number' || (newest !== undefined && decodeFloat(newest) !== undefined)
        ? { name: 'curve' }
        : { name: 'table' };
    default:
      return { name: 'table' };
  }
}

/**
 * Where a sample stands on the y axis of its kind.
 * @returns null where the curve has a hole: no value, NaN, an infinity, a level that is none
 */
export function heightOf(value: SampleValue, kind: PlotKind): number | null {
  if (kind.name === 'levels') {
    const level = kind.levels.indexOf(String(value));
    return level === -1 ? null : level;
  }
  const number = decodeFloat(value);
  return number !== undefined && Number.isFinite(number) ? number : null;
}
