import { RPC_ERRORS, type RpcErrorName, type RpcErrorObject } from '@katbus/protocol';

/** What may go wrong without the portal saying so. `retryable`: the same call may succeed later. */
export const CLIENT_ERRORS = {
  disconnected: { retryable: true, message: 'the connection to the portal is down' },
  noAnswer: { retryable: true, message: 'the portal did not answer in time' },
  tooManyRequests: { retryable: true, message: 'this client has as many requests under way as it may' },
  closed: { retryable: false, message: 'the client is closed' },
  malformedAnswer: { retryable: false, message: 'the portal answered what is no JSON-RPC 2.0 answer' },
  tooSlow: { retryable: false, message: 'the loop takes samples more slowly than they come' },
  badOption: { retryable: false, message: 'an option is wrong' },
} as const;
export type ClientErrorName = keyof typeof CLIENT_ERRORS;

/** Answers of the portal after which the same request may succeed later. */
const RETRYABLE_ANSWERS: readonly string[] = [
  'internalError',
  'unavailable',
  'timedOut',
  'busy',
] satisfies RpcErrorName[];

/** `refused` stands for an error code of the portal that this client does not know. */
export type PortalErrorCode = RpcErrorName | ClientErrorName | 'refused';

export interface PortalErrorDetails extends ErrorOptions {
  readonly retryable: boolean;
  readonly field?: string | undefined;
  readonly rpcCode?: number | undefined;
}

/**
 * Every failure of this package.
 *
 * `code` is a name of RPC_ERRORS or of {@link CLIENT_ERRORS}; `field` the parameter or option at fault, where there is one; `rpcCode` the number
 * that the portal sent, absent when the failure is not the portal's answer.
 */
export class PortalError extends Error {
  readonly code: PortalErrorCode;
  readonly field: string | undefined;
  readonly retryable: boolean;
  readonly rpcCode: number | undefined;

  constructor(code: PortalErrorCode, message: string, details: PortalErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'PortalError';
    this.code = code;
    this.field = details.field;
    this.retryable = details.retryable;
    this.rpcCode = details.rpcCode;
  }
}

/** @param detail what happened, appended to the code's sentence */
export function clientError(
  code: ClientErrorName,
  detail?: string,
  more: { field?: string; cause?: unknown } = {},
): PortalError {
  const { message, retryable } = CLIENT_ERRORS[code];
  return new PortalError(code, detail === undefined ? message : `${message}: ${detail}`, {
    retryable,
    field: more.field,
    cause: more.cause,
  });
}

/** The error that stands for an `error` object of JSON-RPC 2.0 (section 5.1). */
export function answeredError(error: RpcErrorObject): PortalError {
  const names = Object.keys(RPC_ERRORS) as RpcErrorName[];
  const code = names.find((name) => RPC_ERRORS[name].code === error.code) ?? 'refused';
  return new PortalError(code, error.message, {
    retryable: RETRYABLE_ANSWERS.includes(code),
    field: error.data?.field,
    rpcCode: error.code,
  });
}
