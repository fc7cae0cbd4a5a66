import type { BusConnection } from './connection.ts';
import { JetStreamError, StreamMissingError } from './errors.ts';
import { StoredMessage } from './stream-message.ts';
import type { StreamState } from './streams.ts';

/**
 * A message that was read before. The sequence alone names nothing: a stream that was wiped, or rolled back by a power failure, gives its
 * numbers again; the time at which it stored the message tells.
 */
export interface Anchor {
  readonly sequence: number;
  /** {@link StreamMessage.timestampUs}; undefined when it is not known: then only the sequence is looked at. */
  readonly timestampUs?: number | undefined;
}

/** `same`: the stream still holds the message, or has let it go by age; `other`: it holds another one there, or has never got so far. */
export type AnchorCheck = 'same' | 'other';

/** @throws {StreamMissingError} @throws {JetStreamError} @throws {RequestTimeoutError} */
export async function checkAnchor(
  connection: BusConnection,
  stream: StreamState,
  anchor: Anchor,
): Promise<AnchorCheck> {
  if (anchor.sequence > stream.lastSequence) return 'other';
  if (anchor.sequence < stream.firstSequence || anchor.timestampUs === undefined) return 'same';
  const message = await storedMessage(connection, stream.stream, anchor.sequence);
  return message === undefined || message.timestampUs === anchor.timestampUs ? 'same' : 'other';
}

/**
 * One message of a stream by its sequence; undefined when it is not (any more) there. On a mesh any replica answers: one that lags may lack it.
 * @throws {StreamMissingError} @throws {JetStreamError} @throws {RequestTimeoutError}
 */
export async function storedMessage(
  connection: BusConnection,
  stream: string,
  sequence: number,
): Promise<StoredMessage | undefined> {
  const answer = await connection
    .request(`$JS.API.DIRECT.GET.${stream}`, JSON.stringify({ seq: sequence }))
    .catch((error: unknown) => {
      if (error instanceof Error && error.name === 'NoResponderError') {
        throw new StreamMissingError(stream, { cause: error });
      }
      throw error;
    });
  if (answer.status === 404) return undefined;
  if (answer.status !== 0) {
    throw new JetStreamError(`read ${stream} ${sequence}`, answer.statusText, 0, answer.status);
  }
  return new StoredMessage(answer);
}
