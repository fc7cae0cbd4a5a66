import type { BusConnection } from './connection.ts';
import type { MustInclude } from './last-values.ts';
import { OrderedReader } from './ordered-reader.ts';
import type { StreamMessage } from './stream-message.ts';
import { streamState } from './streams.ts';

/** Where reading begins: at a sequence, at the first message stored at or after a time, or at the oldest. */
export type ReadFrom = { readonly sequence: number } | { readonly timeUs: number } | 'first';

export interface ReadStreamOptions {
  readonly from: ReadFrom;
  /** The last message wanted, as a rule an acknowledged marker; its subject is read along with the others. */
  readonly until: MustInclude;
  /** None: all of the stream, which is the cheapest when several want parts of it. They must not overlap. */
  readonly subjects?: readonly string[] | undefined;
  /** Messages up to `until`, in order, `until` itself and other markers included where their subject matches. */
  readonly onMessage: (message: StreamMessage) => void;
  /** Awaited between two batches. */
  readonly onBatch?: (() => Promise<void>) | undefined;
  readonly batchMessages?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export const READ_STREAM_DEFAULTS = { batchMessages: 5_000, timeoutMs: 120_000 } as const;

export interface ReadStreamReport {
  readonly messages: number;
  /** What the stream had let go when reading began at a sequence; undefined when it was complete. */
  readonly missing: { readonly fromSequence: number; readonly toSequence: number } | undefined;
}

/**
 * Reads what a stream holds between two places, once and in order, through all interruptions.
 * @throws {RequestTimeoutError} when `until` is not reached in time
 * @throws {StreamMissingError} @throws {JetStreamError} @throws what `onMessage` and `onBatch` throw, and the signal's reason
 */
export async function readStream(
  connection: BusConnection,
  stream: string,
  options: ReadStreamOptions,
): Promise<ReadStreamReport> {
  const { from, until, subjects = [], onMessage } = options;
  const { firstSequence } = await streamState(connection, stream);
  let messages = 0;
  let isDone = typeof from === 'object' && 'sequence' in from && from.sequence > until.sequence;
  if (!isDone) {
    await new OrderedReader(connection, {
      stream,
      filters:
        subjects.length === 0 || subjects.includes(until.subject) ? subjects : [...subjects, until.subject],
      start: startOf(from),
      afterLoss: 'go-on',
      batchMessages: options.batchMessages ?? READ_STREAM_DEFAULTS.batchMessages,
      timeoutMs: options.timeoutMs ?? READ_STREAM_DEFAULTS.timeoutMs,
      signal: options.signal,
      onBatch: options.onBatch,
      onStart: () => undefined,
      onMessage: (message) => {
        isDone = message.sequence >= until.sequence;
        if (message.sequence > until.sequence) return;
        messages += 1;
        onMessage(message);
      },
      isDone: () => isDone,
    }).run();
  }
  const startsAt = typeof from === 'object' && 'sequence' in from ? from.sequence : firstSequence;
  return {
    messages,
    missing: startsAt < firstSequence ? { fromSequence: startsAt, toSequence: firstSequence - 1 } : undefined,
  };
}

function startOf(from: ReadFrom) {
  if (from === 'first') return { deliver_policy: 'all' } as const;
  if ('sequence' in from) {
    return { deliver_policy: 'by_start_sequence', opt_start_seq: Math.max(1, from.sequence) } as const;
  }
  const milliseconds = Math.floor(from.timeUs / 1000);
  const microseconds = String(from.timeUs - milliseconds * 1000).padStart(3, '0');
  const time = new Date(milliseconds).toISOString().replace('Z', `${microseconds}Z`);
  return { deliver_policy: 'by_start_time', opt_start_time: time } as const;
}
