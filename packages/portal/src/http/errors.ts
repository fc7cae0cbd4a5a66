import type { FastifyError } from 'fastify';
import type { RpcErrorName } from '@katbus/protocol';
import { requestError, type RequestError } from '../rpc/errors.ts';

/** The body of every answer that is no success. */
export interface HttpErrorBody {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}

export interface HttpFailure {
  readonly status: number;
  readonly body: HttpErrorBody;
}

/** The errors of the native protocol as HTTP has them; PROTOCOL.md, "Errors". */
const STATUSES: Readonly<Record<RpcErrorName, { readonly status: number; readonly code: string }>> = {
  parseError: { status: 400, code: 'BAD_REQUEST' },
  invalidRequest: { status: 400, code: 'BAD_REQUEST' },
  methodNotFound: { status: 404, code: 'NOT_FOUND' },
  invalidParams: { status: 400, code: 'BAD_REQUEST' },
  internalError: { status: 500, code: 'INTERNAL' },
  subjectNotAllowed: { status: 403, code: 'FORBIDDEN' },
  tooManySubscriptions: { status: 503, code: 'UNAVAILABLE' },
  notFound: { status: 404, code: 'NOT_FOUND' },
  unavailable: { status: 503, code: 'UNAVAILABLE' },
  timedOut: { status: 504, code: 'TIMED_OUT' },
  busy: { status: 503, code: 'UNAVAILABLE' },
  answerTooLarge: { status: 400, code: 'ANSWER_TOO_LARGE' },
};

export function httpFailure(status: number, code: string, message: string, field?: string): HttpFailure {
  return { status, body: { error: { code, message, ...(field !== undefined && { field }) } } };
}

/** The answer to whatever a route, or fastify before it, has thrown. */
export function failureOf(error: unknown): HttpFailure {
  const fastifyError = error as Partial<FastifyError>;
  const [fault] = fastifyError.validation ?? [];
  if (fault !== undefined) {
    const named = fault.params as { missingProperty?: string; additionalProperty?: string };
    const path = fault.instancePath.slice(1).replaceAll('/', '.');
    const field = named.missingProperty ?? named.additionalProperty ?? path;
    const rule = fault.message ?? 'is wrong';
    return httpFailure(
      400,
      'BAD_REQUEST',
      named.additionalProperty === undefined ? `${field}: ${rule}` : `there is no parameter ${field}`,
      field,
    );
  }
  const status = fastifyError.statusCode;
  if (status !== undefined && status >= 400 && status < 500) {
    return httpFailure(status, 'BAD_REQUEST', fastifyError.message ?? 'the request is wrong');
  }
  const failure: RequestError = requestError(error);
  const { status: ownStatus, code } = STATUSES[failure.code];
  return httpFailure(ownStatus, code, failure.message, failure.field);
}
