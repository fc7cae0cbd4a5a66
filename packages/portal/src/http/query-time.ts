import { MalformedDurationError, MalformedTimeError, parseDuration, parseTime } from '@katbus/protocol';
import { RequestError, requestError } from '../rpc/errors.ts';
import { parameter, text } from './route-schema.ts';

const TIME =
  'Unix seconds, ISO 8601 (UTC unless it has an offset), now, or a span before now (-90s, -15m, -1h, -7d)';

/** The range of a query, as routes say it. */
export const RANGE = {
  start: parameter({ ...text, default: '-1h' }, `The range is start <= time < end. ${TIME}`, '-15m'),
  end: parameter({ ...text, default: 'now' }, TIME, 'now'),
} as const;

export interface RangeQuery {
  readonly start: string;
  readonly end: string;
}

/** @returns Unix seconds @throws {RequestError} naming the parameter */
export function readRange({ start, end }: RangeQuery, nowSeconds: number): { start: number; end: number } {
  return { start: readTime('start', start, nowSeconds), end: readTime('end', end, nowSeconds) };
}

/** @returns seconds @throws {RequestError} naming the parameter */
export function readDuration(field: string, typed: string): number {
  try {
    return parseDuration(typed);
  } catch (error) {
    if (error instanceof MalformedDurationError)
      throw new RequestError('invalidParams', error.message, field);
    throw error;
  }
}

function readTime(field: string, typed: string, nowSeconds: number): number {
  try {
    return parseTime(typed, nowSeconds);
  } catch (error) {
    if (error instanceof MalformedTimeError) throw requestError(error, field);
    throw error;
  }
}
