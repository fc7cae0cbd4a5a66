import { MalformedPatternError, SchemaError } from '@katbus/protocol';
import { StoreError } from '../errors.ts';

/** `code` of the history service's error answers; STORAGE.md, "Errors", says how each is solved. */
export const REQUEST_ERROR_CODES = ['BAD_REQUEST', 'NOT_FOUND', 'BUSY', 'STORE_FAILED'] as const;
export type RequestErrorCode = (typeof REQUEST_ERROR_CODES)[number];

const HTTP_STATUS: Readonly<Record<RequestErrorCode, number>> = {
  BAD_REQUEST: 400,
  NOT_FOUND: 404,
  BUSY: 429,
  STORE_FAILED: 500,
};

/** A request that gets an error answer. `field` is the field of the request at fault, where there is one. */
export class RequestError extends Error {
  readonly code: RequestErrorCode;
  readonly field: string | undefined;
  /** As in HTTP: whose fault it is. */
  readonly httpStatus: number;

  constructor(code: RequestErrorCode, message: string, field?: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.field = field;
    this.httpStatus = HTTP_STATUS[code];
    this.name = 'RequestError';
  }
}

/** What went wrong with a request, as its answer. An error that nobody foresaw stays as it is. */
export function toRequestError(error: unknown): unknown {
  if (error instanceof SchemaError) {
    return new RequestError('BAD_REQUEST', error.message, error.field, { cause: error });
  }
  if (error instanceof StoreError) {
    return new RequestError('STORE_FAILED', error.message, undefined, { cause: error });
  }
  return error;
}

/**
 * Runs what compiles a pattern that came with a request.
 * @throws {RequestError} naming the field
 */
export function checkPattern<Result>(field: string, compile: () => Result): Result {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof MalformedPatternError)) throw error;
    throw new RequestError('BAD_REQUEST', error.message, field, { cause: error });
  }
}
