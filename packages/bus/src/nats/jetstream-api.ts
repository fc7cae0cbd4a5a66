import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamManager } from '@nats-io/jetstream';
import { natsOf, type BusConnection } from './connection.ts';
import { JetStreamError, StreamMissingError } from './errors.ts';

/** The server's `err_code`s that decide what is done next; https://github.com/nats-io/nats-server/blob/main/server/errors.json */
export const API_CODE = {
  consumerNotFound: 10014,
  messageNotFound: 10037,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  wrongLastSequence: 10071,
  consumerNameInUse: 10148,
} as const;

const managers = new WeakMap<BusConnection, Promise<JetStreamManager>>();

/** The library's manager of streams and consumers, one a connection. */
export function managerOf(connection: BusConnection): Promise<JetStreamManager> {
  let manager = managers.get(connection);
  if (manager === undefined) {
    // Without its own check of the account, which would fail for good when JetStream is a moment late at the server's start.
    manager = jetstreamManager(natsOf(connection), { checkAPI: false });
    managers.set(connection, manager);
  }
  return manager;
}

/** The server's `err_code` of an error from the library; undefined for other errors. */
export function apiCodeOf(error: unknown): number | undefined {
  return error instanceof JetStreamApiError ? error.code : undefined;
}

/** What the callers of this folder see instead of the library's errors. `what` says what was tried: `create stream ARCHIVE`. */
export function explainApiError(error: unknown, what: string, stream?: string): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof JetStreamApiError) {
    if (error.code === API_CODE.streamNotFound && stream !== undefined) {
      return new StreamMissingError(stream, { cause: error });
    }
    return new JetStreamError(what, error.message, error.code, error.status, { cause: error });
  }
  if (error.name === 'JetStreamNotEnabled') {
    return new JetStreamError(what, 'JetStream does not answer: start nats-server with JetStream', 0, 503, {
      cause: error,
    });
  }
  if (error.name === 'TimeoutError') {
    return new JetStreamError(what, 'no answer from JetStream in time (has the stream a leader?)', 0, 408, {
      cause: error,
    });
  }
  return error;
}
