import type { BusConnection } from './connection.ts';
import { JetStreamError, NoResponderError, StreamMissingError } from './errors.ts';
import { StoredMessage, type StreamMessage } from './stream-message.ts';

const NOT_FOUND = 404;

/**
 * The message that a stream stored last on a subject or pattern; undefined when there is none. On a mesh any replica answers, perhaps one
 * that lags: {@link lastValues} can tell.
 * @throws {StreamMissingError} @throws {JetStreamError} @throws {RequestTimeoutError} @throws {DisconnectedError}
 */
export async function lastMessage(
  connection: BusConnection,
  stream: string,
  pattern: string,
  options: { readonly timeoutMs?: number } = {},
): Promise<StreamMessage | undefined> {
  const answer = await connection
    .request(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ last_by_subj: pattern }), options)
    .catch((error: unknown) => {
      if (error instanceof NoResponderError) throw new StreamMissingError(stream, { cause: error });
      throw error;
    });
  if (answer.status === NOT_FOUND) return undefined;
  if (answer.status !== 0) {
    throw new JetStreamError(`read the last of ${pattern}`, answer.statusText, 0, answer.status);
  }
  return new StoredMessage(answer);
}
