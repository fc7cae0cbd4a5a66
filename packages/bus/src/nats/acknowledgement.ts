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
  | { readonly type: 'refused'; readonly reason: string };

const STORED: PublishAnswer = { type: 'stored' };
/** How a success begins; `"duplicate": true` further on is a success as well. */
const SUCCESS = Buffer.from('{"stream"');

/** JetStream's own error codes (nats-server, errors.json) that no repetition mends. */
const PERMANENT = new Map([
  [10054, 'larger than the stream takes'],
  [10109, 'the stream is sealed'],
]);

export function readPublishAnswer(message: BusMessage): PublishAnswer {
  const { data } = message;
  if (!message.hasHeaders && SUCCESS.compare(data, 0, SUCCESS.length) === 0) return STORED;
  if (message.hasHeaders && message.status !== 0) {
    const reason =
      message.status === 503 ? 'no stream takes this subject' : `${message.status} ${message.statusText}`;
    return { type: 'unavailable', reason };
  }
  const error = errorOf(data);
  const code = error?.err_code ?? 0;
  const reason = error?.description ?? 'an answer that is no acknowledgement';
  return PERMANENT.has(code)
    ? { type: 'refused', reason: PERMANENT.get(code) ?? reason }
    : { type: 'unavailable', reason };
}

function errorOf(data: Uint8Array): { err_code?: number; description?: string } | undefined {
  try {
    return (
      JSON.parse(Buffer.from(data).toString()) as { error?: { err_code?: number; description?: string } }
    ).error;
  } catch {
    return undefined;
  }
}
