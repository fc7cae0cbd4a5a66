import type { BusConnection } from './connection.ts';
import { JetStreamError, NoResponderError } from './errors.ts';

/** Where a stream has put a message. */
export interface Stored {
  readonly stream: string;
  readonly sequence: number;
}

export const STORE_TIMEOUT_MS = 5_000;

/**
 * Publishes one message and waits until its stream has it. For messages by the thousand there is {@link AcknowledgedWindow}.
 * @throws {JetStreamError} when no stream takes the subject, or the stream refuses it
 * @throws {RequestTimeoutError} whether it is stored is unknown @throws {DisconnectedError} as well
 * @throws {PayloadTooLargeError}
 */
export async function publishStored(
  connection: BusConnection,
  subject: string,
  data: Uint8Array | string,
  options: { readonly timeoutMs?: number; readonly headers?: Record<string, string> } = {},
): Promise<Stored> {
  const what = `store a message on ${subject}`;
  const answer = await connection
    .request(subject, data, { timeoutMs: options.timeoutMs ?? STORE_TIMEOUT_MS, headers: options.headers })
    .catch((error: unknown) => {
      if (error instanceof NoResponderError) {
        throw new JetStreamError(what, 'no stream takes this subject: run "katbus setup"', 0, 503, {
          cause: error,
        });
      }
      throw error;
    });
  if (answer.status !== 0) throw new JetStreamError(what, answer.statusText, 0, answer.status);
  const { stream, seq, error } = JSON.parse(Buffer.from(answer.data).toString()) as {
    stream?: string;
    seq?: number;
    error?: { code: number; err_code: number; description: string };
  };
  if (error !== undefined) throw new JetStreamError(what, error.description, error.err_code, error.code);
  if (stream === undefined || seq === undefined) {
    throw new JetStreamError(what, 'somebody who is no stream answered', 0, 0);
  }
  return { stream, sequence: seq };
}
