import { HISTORY_PAGE, toMicroseconds, type HistoryRequest } from '@katbus/protocol';
import type { Backend } from '../backend/backend.ts';
import type { StoredSample } from '../backend/stored-sample.ts';
import type { OperatorPosition } from '../operators/operator-query.ts';
import { MalformedOperatorError, parseOperator, type OperatorSpec } from '../operators/operator-spec.ts';
import { isOperatorPosition } from '../operators/position-check.ts';
import { malformed, parsePositionCursor, positionCursor } from './cursor.ts';
import { RequestError } from './request-error.ts';

/** A page ends after about so long. */
const PAGE_MS = 1_000;

export interface OperatedPage {
  readonly samples: readonly StoredSample[];
  readonly next: string | undefined;
}

/** Reads the operator of a request; undefined when it has none. @throws {RequestError} */
export function operatorOf({ operator, widthSeconds }: HistoryRequest): OperatorSpec | undefined {
  if (operator === undefined) {
    if (widthSeconds === undefined) return undefined;
    throw new RequestError(
      'BAD_REQUEST',
      'widthSeconds is of an operator, and there is none',
      'widthSeconds',
    );
  }
  try {
    return parseOperator(operator, widthSeconds);
  } catch (error) {
    if (!(error instanceof MalformedOperatorError)) throw error;
    throw new RequestError('BAD_REQUEST', error.message, error.field, { cause: error });
  }
}

/** One page of what an operator gives. @throws {RequestError} */
export async function operatedPage(
  backend: Backend,
  operator: OperatorSpec,
  request: HistoryRequest,
  limit: number,
): Promise<OperatedPage> {
  const { component, sensor, start, end, after } = request;
  const [startUs, endUs] = [toMicroseconds(start), toMicroseconds(end)];
  const from = after === undefined ? undefined : readPosition(after, operator, startUs, endUs);
  const { refused, samples, next } = await backend.operate({
    address: { component, sensor },
    operator,
    startUs,
    endUs,
    from,
    mostSamples: limit,
    // An estimate: texts may take more.
    mostBytes: HISTORY_PAGE.mostBytes / 2,
    mostMs: PAGE_MS,
  });
  if (refused !== undefined) throw new RequestError('BAD_REQUEST', refused, 'operator');
  return { samples, next: next === undefined ? undefined : positionCursor(next) };
}

/** @throws {RequestError} */
function readPosition(
  after: string,
  operator: OperatorSpec,
  startUs: number,
  endUs: number,
): OperatorPosition {
  const position = parsePositionCursor(after);
  if (isOperatorPosition(position, operator, startUs, endUs)) return position;
  throw malformed();
}
