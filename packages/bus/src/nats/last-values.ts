import { setTimeout as delay } from 'node:timers/promises';
import type { BusConnection } from './connection.ts';
import { JetStreamError, NoResponderError, RequestTimeoutError, StreamMissingError } from './errors.ts';
import { OrderedReader } from './ordered-reader.ts';
import { StoredMessage, type StreamMessage } from './stream-message.ts';

/** A message that must be in what is read: an answer without it came from a replica that lags behind. */
export interface MustInclude {
  readonly subject: string;
  readonly sequence: number;
}

export interface LastValuesOptions {
  /** As a rule the marker that was just acknowledged. Without it an answer may be stale on a mesh. */
  readonly including?: MustInclude | undefined;
  /** In all, repetitions included. */
  readonly timeoutMs?: number | undefined;
}

export const LAST_VALUES_DEFAULTS = { timeoutMs: 10_000 } as const;

/** The server answers at most 1,024 subjects and holds the stream's lock meanwhile. */
const MOST_SUBJECTS_A_GET = 1_000;
const TOO_MANY_RESULTS = 413;
const REPEAT_MS = 20;
const READ_BATCH = 2_000;

/**
 * The last message of each subject, in the order of the stream; subjects that never had one are not in the answer.
 *
 * Up to about a thousand subjects come by one direct get; what is more, by a consumer made for it.
 * @param subjects with or without wildcards; several with wildcards must not overlap in part (`a.*.c` and `a.b.*`)
 * @throws {StreamMissingError} also when the stream has no direct get
 * @throws {RequestTimeoutError} no answer, or none that has {@link LastValuesOptions.including}
 * @throws {JetStreamError} @throws {DisconnectedError}
 */
export async function lastValues(
  connection: BusConnection,
  stream: string,
  subjects: readonly string[],
  options: LastValuesOptions = {},
): Promise<StreamMessage[]> {
  const deadlineMs = performance.now() + (options.timeoutMs ?? LAST_VALUES_DEFAULTS.timeoutMs);
  const found = new Map<string, StreamMessage>();
  const take = (message: StreamMessage) => {
    const known = found.get(message.subject);
    if (known === undefined || known.sequence < message.sequence) found.set(message.subject, message);
  };
  const read = { connection, stream, including: options.including, deadlineMs, take };
  const literals = subjects.filter((subject) => !hasWildcard(subject));
  for (let i = 0; i < literals.length; i += MOST_SUBJECTS_A_GET) {
    await directGet(read, literals.slice(i, i + MOST_SUBJECTS_A_GET));
  }
  for (const pattern of subjects.filter(hasWildcard)) {
    if ((await directGet(read, [pattern])) === 'too many') await consume(read, pattern);
  }
  const marker = options.including?.subject;
  if (marker !== undefined && !subjects.includes(marker)) found.delete(marker);
  return [...found.values()].sort((a, b) => a.sequence - b.sequence);
}

interface Read {
  readonly connection: BusConnection;
  readonly stream: string;
  readonly including: MustInclude | undefined;
  readonly deadlineMs: number;
  readonly take: (message: StreamMessage) => void;
}

async function directGet(read: Read, subjects: readonly string[]): Promise<'complete' | 'too many'> {
  const { including, deadlineMs, take } = read;
  const wanted = including === undefined ? subjects : [...subjects, including.subject];
  for (;;) {
    const answer = await directGetOnce(read, wanted);
    if (answer.status === TOO_MANY_RESULTS) return 'too many';
    const isFresh =
      including === undefined ||
      answer.messages.some(
        ({ subject, sequence }) => subject === including.subject && sequence >= including.sequence,
      );
    if (isFresh) {
      answer.messages.forEach(take);
      return 'complete';
    }
    if (performance.now() + REPEAT_MS > deadlineMs) throw timeout(read);
    await delay(REPEAT_MS);
  }
}

async function directGetOnce(
  read: Read,
  subjects: readonly string[],
): Promise<{ readonly messages: StreamMessage[]; readonly status: number }> {
  const { connection, stream } = read;
  const messages: StreamMessage[] = [];
  let status: number | undefined;
  let statusText = '';
  try {
    await connection.requestMany(
      `$JS.API.DIRECT.GET.${stream}`,
      JSON.stringify({ multi_last: subjects, batch: subjects.length + MOST_SUBJECTS_A_GET }),
      {
        totalMs: Math.max(1, read.deadlineMs - performance.now()),
        onMessage: (message) => {
          if (message.status === 0) messages.push(new StoredMessage(message));
          else ({ status, statusText } = message);
        },
        isLast: () => status !== undefined,
      },
    );
  } catch (error) {
    if (error instanceof NoResponderError) throw new StreamMissingError(stream, { cause: error });
    throw error;
  }
  switch (status) {
    case undefined:
      throw timeout(read);
    case 204:
    case 404:
    case TOO_MANY_RESULTS:
      return { messages, status };
    default:
      throw new JetStreamError(`read the last values of ${stream}`, statusText, 0, status);
  }
}

/**
 * Done when the consumer has given what it had as it was made, and the marker has passed: a replica that lagged then gives what it
 * lacked as ordinary new messages before the marker.
 */
async function consume(read: Read, pattern: string): Promise<void> {
  const { connection, stream, including, deadlineMs, take } = read;
  let pending = 0;
  let hasMarker = including === undefined;
  await new OrderedReader(connection, {
    stream,
    filters: including === undefined ? [pattern] : [pattern, including.subject],
    start: { deliver_policy: 'last_per_subject' },
    afterLoss: 'start-over',
    batchMessages: READ_BATCH,
    timeoutMs: Math.max(1, deadlineMs - performance.now()),
    onStart: (count) => {
      pending = count;
      hasMarker = including === undefined;
    },
    onMessage: (message) => {
      pending -= 1;
      if (message.subject === including?.subject && message.sequence >= including.sequence) hasMarker = true;
      take(message);
    },
    isDone: () => pending <= 0 && hasMarker,
  }).run();
}

function timeout({ stream, deadlineMs, including }: Read): RequestTimeoutError {
  const what = including === undefined ? '' : ` with message ${including.sequence}`;
  return new RequestTimeoutError(
    `last values of ${stream}${what}`,
    Math.round(deadlineMs - performance.now()),
  );
}

function hasWildcard(subject: string): boolean {
  return subject.includes('*') || subject.includes('>');
}
