/** JSON-RPC 2.0 (jsonrpc.org/specification) as the portal speaks it: one object, or an array of at most {@link MOST_REQUESTS_A_BATCH}. */

export type RequestId = string | number | null;

export interface RpcRequest {
  readonly jsonrpc: '2.0';
  /** Absent: a notification, which gets no answer (section 4.1). */
  readonly id?: RequestId;
  readonly method: string;
  readonly params?: unknown;
}

export interface RpcSuccess {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly result: unknown;
}

export interface RpcFailure {
  readonly jsonrpc: '2.0';
  readonly id: RequestId;
  readonly error: RpcErrorObject;
}

export interface RpcErrorObject {
  readonly code: number;
  readonly message: string;
  /** `field` names the parameter at fault, where there is one. */
  readonly data?: { readonly field?: string; readonly [detail: string]: unknown };
}

export interface RpcNotification {
  readonly jsonrpc: '2.0';
  readonly method: string;
  readonly params: unknown;
}

/** As many as may be under way in a session (the portal's `requestsUnderWay`): a larger batch could not be answered whole. */
export const MOST_REQUESTS_A_BATCH = 32;

/** Every error code that the portal answers with. The first five are JSON-RPC's own (section 5.1). */
export const RPC_ERRORS = {
  parseError: { code: -32700, message: 'the frame is not JSON' },
  invalidRequest: { code: -32600, message: 'the frame is no JSON-RPC 2.0 request' },
  methodNotFound: { code: -32601, message: 'there is no such method' },
  invalidParams: { code: -32602, message: 'a parameter is missing or wrong' },
  internalError: { code: -32603, message: 'the portal failed; its log says why' },
  subjectNotAllowed: { code: -32001, message: 'this subject is not open to websocket clients' },
  tooManySubscriptions: { code: -32002, message: 'the session has too many subscriptions' },
  notFound: { code: -32003, message: 'there is no such thing' },
  unavailable: { code: -32004, message: 'a service behind the portal does not answer' },
  timedOut: { code: -32005, message: 'the answer took too long' },
  busy: { code: -32006, message: 'the session has too many requests under way' },
  answerTooLarge: { code: -32007, message: 'the answer would be too large: ask for less' },
} as const;
export type RpcErrorName = keyof typeof RPC_ERRORS;
