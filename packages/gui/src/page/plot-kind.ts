import { decodeFloat, type Attributes, type SampleValue } from '@katbus/protocol';

/** How the samples of a sensor are shown: a curve, steps between named levels, or only a table. */
export type PlotKind =
  /** `bounds`: what the attributes call the usual range; the axis does not go beyond it unless the values do. */
  | { readonly name: 'curve'; readonly bounds?: readonly [least: number, most: number] }
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
      return curve(attributes.params);
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

function curve(params: Attributes['params']): PlotKind {
  const [least, most] = Array.isArray(params) ? (params as unknown[]) : [];
  const isRange = typeof least === 'number' && typeof most === 'number' && least < most;
  return isRange ? { name: 'curve', bounds: [least, most] } : { name: 'curve' };
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
