import { parsePolicy, Policy, POLICY_BUCKET, THROTTLE_POLICY_KEY } from '@katbus/protocol';
import { watchBucket, type BusConnection, type KvEntry } from '../nats/index.ts';

/** What a follower tells. */
export interface PolicyFollowing {
  /** @param policy undefined: there is none (any more) @param revision of the key; 0 without a policy */
  readonly onPolicy: (policy: Policy | undefined, revision: number) => void;
  /** A list that cannot be applied; the last good one goes on. */
  readonly onRefused: (reason: string, revision: number) => void;
}

/** How often a bucket that is not there is looked for. */
const LOOK_AGAIN_MS = 2_000;
/** How long a component that joins waits for the policies, before it goes on with its own settings. */
const FIRST_ANSWER_MS = 1_000;

/**
 * Follows the policies in their bucket. Where there is no bucket, it looks for one; once there was one, it survives reconnects, restarts and
 * buckets that are made anew.
 */
export class PolicyFollower {
  private readonly connection: BusConnection;
  private readonly following: PolicyFollowing;
  private undo: (() => void) | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  private constructor(connection: BusConnection, following: PolicyFollowing) {
    this.connection = connection;
    this.following = following;
  }

  /** Resolves when the policies have been told, or when they are not to be had soon. */
  static async start(connection: BusConnection, following: PolicyFollowing): Promise<PolicyFollower> {
    const follower = new PolicyFollower(connection, following);
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), FIRST_ANSWER_MS);
    await Promise.race([follower.look(), late.promise]);
    clearTimeout(timer);
    return follower;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.undo?.();
  }

  private async look(): Promise<void> {
    try {
      const undo = await watchBucket(this.connection, POLICY_BUCKET, THROTTLE_POLICY_KEY, (entry) =>
        this.take(entry),
      );
      this.undo = undo;
      // Stopped while it was opened.
      if (this.stopped) undo();
    } catch {
      // There is no bucket, no JetStream or no connection: a component works without.
      if (this.stopped || this.connection.closed) return;
      this.timer = setTimeout(() => void this.look(), LOOK_AGAIN_MS);
      this.timer.unref();
    }
  }

  private take(entry: KvEntry): void {
    if (this.stopped) return;
    const { onPolicy, onRefused } = this.following;
    if (entry.deleted) {
      onPolicy(undefined, 0);
      return;
    }
    let policy: Policy;
    try {
      policy = new Policy(parsePolicy(entry.value));
    } catch (error) {
      onRefused((error as Error).message, entry.revision);
      return;
    }
    onPolicy(policy, entry.revision);
  }
}
