/** No NATS server could be reached at the first attempt. `servers` are the URLs that were tried. */
export class ConnectError extends Error {
  readonly code = 'NATS_CONNECT';
  readonly servers: readonly string[];

  constructor(servers: readonly string[], reason: string, options?: ErrorOptions) {
    super(
      `cannot connect to NATS at ${servers.join(', ')} (${reason}): start nats-server there or give another URL`,
      options,
    );
    this.servers = servers;
    this.name = 'ConnectError';
  }
}

/** The connection was closed by us, or is down at a moment when the call needs it. Retry when `retryable`. */
export class DisconnectedError extends Error {
  readonly code = 'NATS_DISCONNECTED';
  readonly retryable: boolean;

  constructor(what: string, retryable: boolean, options?: ErrorOptions) {
    super(`${what}: the connection to NATS is ${retryable ? 'down' : 'closed'}`, options);
    this.retryable = retryable;
    this.name = 'DisconnectedError';
  }
}

/** Nobody subscribes to the subject of a request. */
export class NoResponderError extends Error {
  readonly code = 'NO_RESPONDER';
  readonly subject: string;

  constructor(subject: string) {
    super(`nobody answers on ${subject}: the program that serves it does not run`);
    this.subject = subject;
    this.name = 'NoResponderError';
  }
}

/** Somebody may listen, but no answer came in time. Whether the request was carried out is unknown. */
export class RequestTimeoutError extends Error {
  readonly code = 'REQUEST_TIMEOUT';
  readonly subject: string;
  readonly timeoutMs: number;

  constructor(subject: string, timeoutMs: number) {
    super(`no answer on ${subject} within ${timeoutMs} ms`);
    this.subject = subject;
    this.timeoutMs = timeoutMs;
    this.name = 'RequestTimeoutError';
  }
}

/** A message above the server's `max_payload`. Never retry. */
export class PayloadTooLargeError extends Error {
  readonly code = 'PAYLOAD_TOO_LARGE';
  readonly subject: string;
  readonly bytes: number;
  readonly maxBytes: number;

  constructor(subject: string, bytes: number, maxBytes: number) {
    super(`message on ${subject} has ${bytes} bytes, the server takes ${maxBytes} (max_payload)`);
    this.subject = subject;
    this.bytes = bytes;
    this.maxBytes = maxBytes;
    this.name = 'PayloadTooLargeError';
  }
}

/** A subject that NATS cannot carry: empty, or with a space, a tab or a line break. */
export class MalformedSubjectError extends Error {
  readonly code = 'MALFORMED_SUBJECT';
  readonly subject: string;

  constructor(subject: string) {
    super(`subject ${JSON.stringify(subject)} is refused: it is empty or holds white space`);
    this.subject = subject;
    this.name = 'MalformedSubjectError';
  }
}

/** JetStream refused a call. `apiCode` is the server's `err_code` (0 when it gave none), `status` its HTTP-like code. */
export class JetStreamError extends Error {
  readonly code = 'JETSTREAM';
  readonly apiCode: number;
  readonly status: number;

  constructor(what: string, description: string, apiCode: number, status: number, options?: ErrorOptions) {
    super(`${what}: ${description}`, options);
    this.apiCode = apiCode;
    this.status = status;
    this.name = 'JetStreamError';
  }
}

/** A stream that `katbus setup` should have made is not there. */
export class StreamMissingError extends Error {
  readonly code = 'STREAM_MISSING';
  readonly stream: string;

  constructor(stream: string, options?: ErrorOptions) {
    super(`stream ${stream} does not exist: run "katbus setup"`, options);
    this.stream = stream;
    this.name = 'StreamMissingError';
  }
}

/** A service answered a request with an error. `field` names the part of the request at fault, where one is. */
export class ServiceCallError extends Error {
  readonly code = 'SERVICE_CALL';
  readonly subject: string;
  /** The service's own code, as `BAD_REQUEST`. */
  readonly serviceCode: string;
  readonly field: string | undefined;

  constructor(subject: string, serviceCode: string, message: string, field?: string) {
    super(message);
    this.subject = subject;
    this.serviceCode = serviceCode;
    this.field = field;
    this.name = 'ServiceCallError';
  }
}

/** A compare-and-set on a key that somebody else has changed, made or deleted meanwhile. Read it again and decide anew. */
export class RevisionConflictError extends Error {
  readonly code = 'REVISION_CONFLICT';
  readonly bucket: string;
  readonly key: string;
  /** What the key was expected to have; 0: not to exist. */
  readonly revision: number;

  constructor(bucket: string, key: string, revision: number, options?: ErrorOptions) {
    super(
      revision === 0 ? `${bucket}/${key} exists already` : `${bucket}/${key} is not at revision ${revision}`,
      options,
    );
    this.bucket = bucket;
    this.key = key;
    this.revision = revision;
    this.name = 'RevisionConflictError';
  }
}

/** A key or bucket name that JetStream's key-value layer cannot take. */
export class MalformedKeyError extends Error {
  readonly code = 'MALFORMED_KEY';
  readonly field: 'key' | 'bucket' | 'pattern';
  readonly text: string;

  constructor(field: 'key' | 'bucket' | 'pattern', text: string) {
    const rule =
      field === 'bucket'
        ? 'letters, digits, _ and - only'
        : 'letters, digits and -/_=. only, no dot at either end';
    super(`${field} ${JSON.stringify(text.slice(0, 100))} is refused: ${rule}`);
    this.field = field;
    this.text = text;
    this.name = 'MalformedKeyError';
  }
}
