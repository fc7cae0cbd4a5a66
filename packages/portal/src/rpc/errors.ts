import {
  DisconnectedError,
  NoResponderError,
  PayloadTooLargeError,
  RequestTimeoutError,
  ServiceCallError,
} from '@katbus/bus/nats';
import {
  MalformedNameError,
  MalformedPatternError,
  MalformedTimeError,
  RPC_ERRORS,
  SchemaError,
  type RpcErrorName,
  type RpcErrorObject,
} from '@katbus/protocol';
import { SnapshotMemoryError } from '../delivery/snapshot.ts';

/** Why a request is not carried out, in the words of PROTOCOL.md's table of errors. */
export class RequestError extends Error {
  readonly code: RpcErrorName;
  /** The parameter at fault, where there is one. */
  readonly field: string | undefined;

  /** @param message default: the table's own */
  constructor(code: RpcErrorName, message?: string, field?: string, options?: ErrorOptions) {
    super(message ?? RPC_ERRORS[code].message, options);
    this.code = code;
    this.field = field;
    this.name = 'RequestError';
  }

  /** As JSON-RPC 2.0 has it (section 5.1). */
  toObject(): RpcErrorObject {
    const { code } = RPC_ERRORS[this.code];
    return this.field === undefined
      ? { code, message: this.message }
      : { code, message: this.message, data: { field: this.field } };
  }
}

/** Services' own codes, as far as they say more than that something failed. */
const SERVICE_CODES = new Map<string, RpcErrorName>([
  ['BAD_REQUEST', 'invalidParams'],
  ['NOT_FOUND', 'notFound'],
  ['ANSWER_TOO_LARGE', 'answerTooLarge'],
  ['INTERNAL', 'unavailable'],
  ['MALFORMED_ANSWER', 'unavailable'],
  ['BUSY', 'busy'],
]);

/**
 * The answer to whatever was thrown while a request was carried out.
 * @param field of a pattern or a name that does not say itself where it came from
 */
export function requestError(error: unknown, field?: string): RequestError {
  if (error instanceof RequestError) return error;
  const cause = { cause: error };
  if (error instanceof SchemaError)
    return new RequestError('invalidParams', error.message, error.field, cause);
  if (error instanceof MalformedPatternError || error instanceof MalformedTimeError)
    return new RequestError('invalidParams', error.message, field, cause);
  if (error instanceof MalformedNameError)
    return new RequestError('invalidParams', error.message, field ?? error.field, cause);
  if (error instanceof NoResponderError || error instanceof DisconnectedError)
    return new RequestError('unavailable', error.message, undefined, cause);
  if (error instanceof RequestTimeoutError)
    return new RequestError('timedOut', error.message, undefined, cause);
  if (error instanceof PayloadTooLargeError)
    return new RequestError('answerTooLarge', error.message, undefined, cause);
  if (error instanceof SnapshotMemoryError) return new RequestError('busy', error.message, undefined, cause);
  if (error instanceof ServiceCallError) {
    const byCode = SERVICE_CODES.get(error.serviceCode);
    const name = byCode ?? (error.field === undefined ? 'unavailable' : 'invalidParams');
    return new RequestError(name, error.message, error.field, cause);
  }
  return new RequestError('internalError', undefined, undefined, cause);
}
