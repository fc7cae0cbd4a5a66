import type { BusConnection } from './connection.ts';
import { JetStreamError, NoResponderError, RequestTimeoutError, StreamMissingError } from './errors.ts';

/** The server's `err_code`s that decide what is done next; https://github.com/nats-io/nats-server/blob/main/server/errors.json */
export const API_CODE = {
  consumerNotFound: 10014,
  messageNotFound: 10037,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  wrongLastSequence: 10071,
} as const;

interface ApiAnswer {
  readonly error?: { readonly code?: number; readonly err_code?: number; readonly description?: string };
}

/**
 * Calls the JetStream API: `$JS.API.<operation>`, JSON both ways. The library's manager does the same, but leaves its calls to time out
 * when the connection goes down under them.
 * @param what for the error's text: `create stream ARCHIVE`
 * @param stream named in a {@link StreamMissingError} when the server does not know it
 * @throws {StreamMissingError} @throws {JetStreamError} @throws {DisconnectedError}
 */
export async function callJetStream<Answer>(
  connection: BusConnection,
  operation: string,
  payload: object | undefined,
  { what, stream }: { readonly what: string; readonly stream?: string },
): Promise<Answer> {
  const data = payload === undefined ? '' : JSON.stringify(payload);
  let answer: ApiAnswer;
  try {
    const message = await connection.request(`$JS.API.${operation}`, data);
    answer = JSON.parse(Buffer.from(message.data).toString()) as ApiAnswer;
  } catch (error) {
    throw explain(error, what);
  }
  const { error } = answer;
  if (error === undefined) return answer as Answer;
  if (error.err_code === API_CODE.streamNotFound && stream !== undefined)
    throw new StreamMissingError(stream);
  throw new JetStreamError(
    what,
    error.description ?? 'no reason given',
    error.err_code ?? 0,
    error.code ?? 0,
  );
}

/** Whether this is the server's refusal with that `err_code`. */
export function hasApiCode(error: unknown, apiCode: number): boolean {
  return error instanceof JetStreamError && error.apiCode === apiCode;
}

function explain(error: unknown, what: string): unknown {
  if (error instanceof NoResponderError) {
    const text = 'JetStream does not answer: start nats-server with JetStream';
    return new JetStreamError(what, text, 0, 503, { cause: error });
  }
  if (error instanceof RequestTimeoutError) {
    const text = 'no answer from JetStream in time (has the stream a leader?)';
    return new JetStreamError(what, text, 0, 408, { cause: error });
  }
  return error;
}
