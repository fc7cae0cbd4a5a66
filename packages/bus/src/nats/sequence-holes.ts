import type { BusConnection } from './connection.ts';
import { MOST_HOLES_ASKED_FOR } from './consumer-options.ts';
import { API_CODE, callJetStream, hasApiCode } from './jetstream-api.ts';

/** Sequences that were passed over, both ends included. */
export interface Hole {
  /** Of the message after it among those that were received. */
  readonly place: number;
  readonly fromSequence: number;
  readonly toSequence: number;
}

/**
 * Asks the stream's leader, not a replica that may lag, whether it has anything of what was passed over.
 * @param holes in order
 * @returns the first one of which the stream still has a message, or could not be asked; undefined when all of that is gone
 */
export async function firstDoubtful(
  connection: BusConnection,
  stream: string,
  holes: readonly Hole[],
): Promise<Hole | undefined> {
  const asked =
    holes.length <= MOST_HOLES_ASKED_FOR
      ? holes
      : holes
          .toSorted((a, b) => sizeOf(b) - sizeOf(a))
          .slice(0, MOST_HOLES_ASKED_FOR)
          .toSorted((a, b) => a.place - b.place);
  for (const hole of asked) {
    const next = await nextSequence(connection, stream, hole.fromSequence).catch(() => hole.fromSequence);
    if (next !== undefined && next <= hole.toSequence) return hole;
  }
  return undefined;
}

/** The first message that the stream has from a sequence on; undefined: none. */
async function nextSequence(
  connection: BusConnection,
  stream: string,
  fromSequence: number,
): Promise<number | undefined> {
  try {
    const { message } = await callJetStream<{ message: { seq: number } }>(
      connection,
      `STREAM.MSG.GET.${stream}`,
      { seq: fromSequence, next_by_subj: '>' },
      { what: `ask ${stream} for what follows ${fromSequence - 1}`, stream },
    );
    return message.seq;
  } catch (error) {
    if (hasApiCode(error, API_CODE.messageNotFound)) return undefined;
    throw error;
  }
}

function sizeOf({ fromSequence, toSequence }: Hole): number {
  return toSequence - fromSequence;
}
