import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CqlSession } from '../backend/cassandra/session/cql-session.ts';
import { openSession, type SessionOptions } from '../backend/cassandra/session/open-session.ts';
import { StoreError } from '../errors.ts';

/** Nodes that are busy, or come back, may drop it yet. */
const DROP_WITHIN_MS = 20_000;
const DROP_EVERY_MS = 1_000;
/** Of a name, as much as leaves room for what is added. */
const NAME_LENGTH = 33;

/** What was made to measure in could not be dropped. */
export class KeyspaceLeftError extends Error {
  constructor(keyspace: string, why: string, cause: unknown) {
    super(`${why}; keyspace ${keyspace} may be left: cqlsh -e 'DROP KEYSPACE IF EXISTS ${keyspace}'`, {
      cause,
    });
    this.name = 'KeyspaceLeftError';
  }
}

/** A name that nobody else has. */
export function ownKeyspaceName(keyspace: string): string {
  return `${keyspace.slice(0, NAME_LENGTH)}_sizing_${randomBytes(3).toString('hex')}`;
}

/**
 * Does something in a keyspace that is made for it, and dropped at the end, whatever the end is.
 * @throws {StoreError} @throws {KeyspaceLeftError} it could not be dropped
 */
export async function inOwnKeyspace<Result>(
  options: SessionOptions & { readonly keyspace: string },
  act: (session: Awaited<ReturnType<typeof openSession>>) => Promise<Result>,
): Promise<Result> {
  const session = await openSession(options);
  const [outcome] = await Promise.allSettled([act(session)]);
  const fault = await drop(session, options.keyspace);
  await session.close();
  if (fault !== undefined) {
    const cause: unknown = outcome.status === 'rejected' ? outcome.reason : fault;
    throw new KeyspaceLeftError(options.keyspace, messageOf(cause), cause);
  }
  if (outcome.status === 'rejected') throw outcome.reason;
  return outcome.value;
}

/** @returns why it could not be done */
async function drop(session: CqlSession, keyspace: string): Promise<unknown> {
  const deadline = performance.now() + DROP_WITHIN_MS;
  for (;;) {
    try {
      await session.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
      return undefined;
    } catch (error) {
      const mayPass = error instanceof StoreError && error.isRetryable;
      if (!mayPass || performance.now() >= deadline) return error;
    }
    await delay(DROP_EVERY_MS);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
