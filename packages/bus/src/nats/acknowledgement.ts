import type { BusMessage } from './message.ts';

/**
 * What JetStream said of a published message. An answer is not yet an acknowledgement: errors are answers too, and "no
 * responders" (503) comes as a status without a body.
 */
export type PublishAnswer =
  | { readonly type: 'stored' }
  /** It may be taken later: no stream, no leader, a full stream or queue. */
  | { readonly type: 'unavailable'; readonly reason: string }
  /** It will never be taken. */
  | { readonly type: 'refused'; readonly reason: string }
  /** No word of a stream: some subscriber has answered a message that it thought was a request. */
  | { readonly type: 'ignored' };

const STORED: PublishAnswer = { type: 'stored' };
const IGNORED: PublishAnswer = { type: 'ignored' };
/** How a success begins; `"duplicate": true` further on is a success as well. */
const SUCCESS = Buffer.from('{"stream"');

/** JetStream's own error codes (nats-server, errors.json) that no repetition mends. */
const PERMANENT = new Map([
  [10054, 'larger than the stream takes'],
  [10109, 'the stream is sealed'],
]);

export function readPublishAnswer(message: BusMessage): PublishAnswer {
  const { data } = message;
  if (!message.hasHeaders && isSuccess(data)) return STORED;
  if (message.hasHeaders && message.status !== 0) {
    const reason =
      message.status === 503 ? 'no stream takes this subject' : `${message.status} ${message.statusText}`;
    return { type: 'unavailable', reason };
  }
  const error = errorOf(data);
  if (typeof error?.err_code !== 'number') return IGNORED;
  const code = error.err_code;
  const reason = error.description ?? `error ${code}`;
  return PERMANENT.has(code)
    ? { type: 'refused', reason: PERMANENT.get(code) ?? reason }
    : { type: 'unavailable', reason };
}

function isSuccess(data: Uint8Array): boolean {
  for (let i = 0; i < SUCCESS.length; i += 1) if (data[i] !== SUCCESS[i]) return false;
  return true;
}

function errorOf(data: Uint8Array): { err_code?: number; description?: string } | undefined {
  try {
    const answer = JSON.parse(Buffer.from(data).toString()) as {
      error?: { err_code?: number; description?: string };
    } | null;
    return answer?.error;
  } catch {
    return undefined;
  }
}
