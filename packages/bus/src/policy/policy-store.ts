import { parsePolicy, POLICY_BUCKET, THROTTLE_POLICY_KEY, type PolicyRule } from '@katbus/protocol';
import {
  KvBucket,
  StreamMissingError,
  watchBucket,
  type BusConnection,
  type KvEntry,
} from '../nats/index.ts';

/** The policies as they stand in their bucket. */
export interface StoredPolicy {
  /** Undefined: what is there is no list that can be applied; {@link refusal} says why. */
  readonly rules: readonly PolicyRule[] | undefined;
  readonly refusal: string | undefined;
  readonly revision: number;
  /** When they were written, Unix seconds. */
  readonly time: number;
}

/** Lists that stay readable (`nats kv history policies throttle`) when newer ones have come. */
const KEPT_LISTS = 10;

/** Makes the bucket of the policies, or leaves it as it is. @throws {JetStreamError} @throws {DisconnectedError} */
export function openPolicyBucket(connection: BusConnection, replicas?: number): Promise<KvBucket> {
  const description = 'policies: which samples components send';
  return KvBucket.open(connection, POLICY_BUCKET, { description, history: KEPT_LISTS, replicas });
}

/** Reads the policies and makes nothing. @returns undefined when there are none */
export async function readPolicy(connection: BusConnection): Promise<StoredPolicy | undefined> {
  let found: KvEntry | undefined;
  try {
    const undo = await watchBucket(
      connection,
      POLICY_BUCKET,
      THROTTLE_POLICY_KEY,
      (entry) => (found = entry),
    );
    undo();
  } catch (error) {
    if (error instanceof StreamMissingError) return undefined;
    throw error;
  }
  return found === undefined || found.deleted ? undefined : storedPolicy(found);
}

/**
 * Writes the policies if they are still what they were when they were read.
 * @param before what {@link readPolicy} gave
 * @returns the new revision
 * @throws {RevisionConflictError} when somebody else has written meanwhile
 */
export async function writePolicy(
  connection: BusConnection,
  rules: readonly PolicyRule[],
  before: StoredPolicy | undefined,
): Promise<number> {
  const bucket = await openPolicyBucket(connection);
  const text = JSON.stringify(rules);
  return before === undefined
    ? bucket.create(THROTTLE_POLICY_KEY, text)
    : bucket.update(THROTTLE_POLICY_KEY, text, before.revision);
}

function storedPolicy({ value, revision, timestampUs }: KvEntry): StoredPolicy {
  const time = timestampUs / 1e6;
  try {
    return { rules: parsePolicy(value), refusal: undefined, revision, time };
  } catch (error) {
    return { rules: undefined, refusal: (error as Error).message, revision, time };
  }
}
