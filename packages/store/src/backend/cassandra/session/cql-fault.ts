import { errors, types } from 'cassandra-driver';
import { StoreError, type StoreErrorCode } from '../../../errors.ts';

const { responseErrorCodes } = types;

/** Tables, keyspaces and columns that are not there: somebody dropped them, or the schema is being made. */
const SCHEMA_GONE =
  /unconfigured table|table .* does not exist|keyspace .* does not exist|Undefined column name|Unknown identifier/iu;

/** Codes of Node.js's and OpenSSL's errors about certificates, ours or theirs. */
const OF_CERTIFICATES = /CERT|ERR_TLS|ERR_SSL|UNABLE_TO_(?:GET|VERIFY)/u;

/** What a node cannot take now, by the codes of its answers (native protocol v4, section 9). */
const CODES: ReadonlyMap<number, StoreErrorCode> = new Map([
  [responseErrorCodes.badCredentials, 'UNAUTHORIZED'],
  [responseErrorCodes.unauthorized, 'UNAUTHORIZED'],
  [responseErrorCodes.unavailableException, 'UNAVAILABLE'],
  [responseErrorCodes.isBootstrapping, 'UNAVAILABLE'],
  [responseErrorCodes.overloaded, 'OVERLOADED'],
  [responseErrorCodes.writeTimeout, 'TIMEOUT'],
  [responseErrorCodes.readTimeout, 'TIMEOUT'],
  [responseErrorCodes.readFailure, 'IO'],
  [responseErrorCodes.writeFailure, 'IO'],
  [responseErrorCodes.truncateError, 'IO'],
  [responseErrorCodes.serverError, 'IO'],
  [responseErrorCodes.protocolError, 'IO'],
  // And could not be prepared again: its table is gone.
  [responseErrorCodes.unprepared, 'SCHEMA'],
  [responseErrorCodes.syntaxError, 'REFUSED'],
  [responseErrorCodes.invalid, 'REFUSED'],
  [responseErrorCodes.configError, 'REFUSED'],
  [responseErrorCodes.alreadyExists, 'REFUSED'],
  [responseErrorCodes.functionFailure, 'REFUSED'],
] as const);

/** What went wrong at Cassandra, in our words; of several nodes that were tried, what is the matter with most of them. */
export function toStoreError(cause: unknown): StoreError {
  if (cause instanceof StoreError) return cause;
  const code = codeOf(cause);
  return new StoreError(code, messageOf(cause), undefined, { cause });
}

function codeOf(cause: unknown): StoreErrorCode {
  if (cause instanceof errors.NoHostAvailableError) return codeOfHosts(cause);
  if (cause instanceof errors.OperationTimedOutError) return 'TIMEOUT';
  if (cause instanceof errors.BusyConnectionError) return 'OVERLOADED';
  if (cause instanceof errors.AuthenticationError) return 'UNAUTHORIZED';
  if (cause instanceof errors.ResponseError) {
    const code = CODES.get(cause.code) ?? 'IO';
    return code === 'REFUSED' && SCHEMA_GONE.test(cause.message) ? 'SCHEMA' : code;
  }
  if (isSocketError(cause)) return 'UNAVAILABLE';
  if (OF_CERTIFICATES.test((cause as NodeJS.ErrnoException | undefined)?.code ?? '')) return 'UNAUTHORIZED';
  // The driver's encoder says so of values that their column cannot hold; it has spoken to nobody yet.
  if (cause instanceof TypeError || cause instanceof RangeError) return 'REFUSED';
  if (cause instanceof errors.ArgumentError) return 'REFUSED';
  return 'IO';
}

function codeOfHosts({ innerErrors }: errors.NoHostAvailableError): StoreErrorCode {
  const causes = Object.values((innerErrors ?? {}) as Record<string, unknown>);
  const codes = new Set(causes.map((cause) => (typeof cause === 'string' ? 'UNAVAILABLE' : codeOf(cause))));
  if (codes.size === 1 && codes.has('REFUSED')) return 'REFUSED';
  // In this order: what needs somebody's hand, then what may have been done all the same.
  const telling = (['UNAUTHORIZED', 'SCHEMA', 'TIMEOUT', 'OVERLOADED'] as const).find((code) =>
    codes.has(code),
  );
  return telling ?? 'UNAVAILABLE';
}

function messageOf(cause: unknown): string {
  if (!(cause instanceof errors.NoHostAvailableError)) return `Cassandra: ${textOf(cause)}`;
  const hosts = Object.entries((cause.innerErrors ?? {}) as Record<string, unknown>);
  if (hosts.length === 0) return 'Cassandra: no node can be reached';
  return `Cassandra: no node can take the request: ${hosts.map(([host, inner]) => `${host}: ${textOf(inner)}`).join('; ')}`;
}

function textOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  if (cause instanceof errors.ResponseError && cause.code === Number(responseErrorCodes.unprepared)) {
    return 'it has forgotten the statement and cannot prepare it again: is its table gone?';
  }
  const inner = (cause as { innerError?: unknown }).innerError;
  return inner instanceof Error ? `${cause.message} (${inner.message})` : cause.message;
}

function isSocketError(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    ((cause as { isSocketError?: boolean }).isSocketError === true ||
      (cause as NodeJS.ErrnoException).syscall !== undefined)
  );
}
