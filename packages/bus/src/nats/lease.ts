import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { BusConnection } from './connection.ts';
import { RevisionConflictError } from './errors.ts';
import { KvBucket } from './kv.ts';

export interface LeaseOptions {
  /** What only one may do, as `archiver`: letters, digits, _ and -. Its bucket is `lease_<name>`. */
  readonly name: string;
  /** Who asks, for people to read: host and process. */
  readonly holder: string;
  /**
   * What only one living process can have, as a folder that it keeps locked. A lease that an earlier process with the same identity left
   * behind is taken at once instead of being waited for. Default: the lease is waited for.
   */
  readonly identity?: string | undefined;
  /** Who has not renewed for so long has lost the lease. At least 1. */
  readonly ttlSeconds?: number | undefined;
  readonly replicas?: number | undefined;
  /** Told when another one has it, and again when that changes. */
  readonly onStandingBy?: ((holder: string) => void) | undefined;
  /** Told of trouble while waiting; the wait goes on. */
  readonly onTrouble?: ((error: unknown) => void) | undefined;
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined;
}

export const LEASE_DEFAULTS = { ttlSeconds: 10 } as const;

const KEY = 'holder';
const RETRY_MS = 200;

/**
 * The right to be the only one, as a key that runs out. Whoever holds it writes it anew three times before that; who waits tries to make it.
 *
 * The server counts from when it stored the key, the holder from before it sent it, by its own steady clock: so a holder that is cut off
 * knows that it has lost before another one can have won. Nothing stops a holder that does not look: ask {@link held} before each
 * step that must not be done twice.
 */
export class Lease {
  readonly name: string;
  readonly holder: string;
  /** Resolves with the reason when the lease is lost, not when it is released. */
  readonly lost: Promise<string>;
  readonly #bucket: KvBucket;
  readonly #ttlMs: number;
  readonly #claim: Claim;
  readonly #lose: (reason: string) => void;
  #state: 'held' | 'lost' | 'released' = 'held';
  #revision: number;
  #heldUntilMs: number;
  #renewTimer: NodeJS.Timeout | undefined;
  #expiryTimer: NodeJS.Timeout | undefined;

  private constructor(bucket: KvBucket, claim: Claim, revision: number, sentAtMs: number) {
    this.name = claim.name;
    this.holder = claim.holder;
    this.#bucket = bucket;
    this.#ttlMs = claim.ttlMs;
    this.#claim = claim;
    this.#revision = revision;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.lost = promise;
    this.#lose = resolve;
    this.#heldUntilMs = sentAtMs;
    this.#extend(sentAtMs);
  }

  /**
   * Waits, if need be for ever, until the lease is ours.
   * @throws {MalformedKeyError} for a bad name @throws {DisconnectedError} when the connection is closed @throws the signal's reason
   */
  static async acquire(connection: BusConnection, options: LeaseOptions): Promise<Lease> {
    const { name, holder, identity, signal, onTrouble } = options;
    const ttlSeconds = options.ttlSeconds ?? LEASE_DEFAULTS.ttlSeconds;
    const claim: Claim = { name, holder, identity, instance: randomUUID(), ttlMs: ttlSeconds * 1000 };
    let standingBehind: string | undefined;
    for (;;) {
      signal?.throwIfAborted();
      try {
        await connection.whenConnected();
        const bucket = await KvBucket.open(connection, `lease_${name}`, {
          description: `who may be the only ${name}`,
          ttlSeconds,
          replicas: options.replicas,
        });
        const sentAtMs = performance.now();
        const attempt = await tryClaim(bucket, claim);
        if (attempt.type === 'won') return new Lease(bucket, claim, attempt.revision, sentAtMs);
        if (attempt.holder !== standingBehind) options.onStandingBy?.(attempt.holder);
        standingBehind = attempt.holder;
        await untilFree(bucket, claim.ttlMs, signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (connection.closed || (error as { code?: string }).code === 'MALFORMED_KEY') throw error;
        // Another one was quicker: the next look tells who.
        if (!(error instanceof RevisionConflictError)) onTrouble?.(error);
        await delay(RETRY_MS, undefined, { signal });
      }
    }
  }

  /** Whether the lease is ours at this moment, whatever timers have had time to say. */
  get held(): boolean {
    return this.#state === 'held' && performance.now() < this.#heldUntilMs;
  }

  /** Gives it back, so that another one need not wait until it runs out. Never throws. */
  async release(): Promise<void> {
    if (this.#state !== 'held') return;
    this.#become('released');
    // Unreachable, it runs out by itself.
    await this.#bucket.delete(KEY, this.#revision).catch(() => undefined);
  }

  async #renew(): Promise<void> {
    const sentAtMs = performance.now();
    try {
      this.#revision = await this.#bucket.update(KEY, valueOf(this.#claim), this.#revision);
      if (this.#isHeld()) this.#extend(sentAtMs);
    } catch (error) {
      if (error instanceof RevisionConflictError) await this.#readAgain();
      if (!this.#isHeld()) return;
      clearTimeout(this.#renewTimer);
      this.#renewTimer = setTimeout(() => void this.#renew(), RETRY_MS);
    }
  }

  /** A renewal whose answer was lost has changed the revision as well; another's name in the key is the end. */
  async #readAgain(): Promise<void> {
    try {
      const entry = await this.#bucket.get(KEY);
      const claim = entry && readClaim(entry.value);
      if (entry !== undefined && claim?.instance === this.#claim.instance) this.#revision = entry.revision;
      else this.#giveUp(claim === undefined ? 'it ran out' : `${claim.holder} has it`);
    } catch {
      // Asked again at the next attempt, until the time is over.
    }
  }

  #extend(sentAtMs: number): void {
    this.#heldUntilMs = sentAtMs + this.#ttlMs;
    clearTimeout(this.#renewTimer);
    clearTimeout(this.#expiryTimer);
    this.#renewTimer = setTimeout(() => void this.#renew(), this.#ttlMs / 3);
    this.#expiryTimer = setTimeout(
      () => {
        this.#giveUp(`not renewed for ${this.#ttlMs} ms`);
      },
      Math.max(0, this.#heldUntilMs - performance.now()),
    );
  }

  #giveUp(reason: string): void {
    if (this.#state !== 'held') return;
    this.#become('lost');
    this.#lose(reason);
  }

  #become(state: 'lost' | 'released'): void {
    this.#state = state;
    clearTimeout(this.#renewTimer);
    clearTimeout(this.#expiryTimer);
  }

  /** Asked after an await, where the compiler would believe the state of before. */
  #isHeld(): boolean {
    return this.#state === 'held';
  }
}

interface Claim {
  readonly name: string;
  readonly holder: string;
  /** Tells our own key from that of a namesake. */
  readonly instance: string;
  readonly identity: string | undefined;
  readonly ttlMs: number;
}

/** What the key holds. */
type ClaimValue = Pick<Claim, 'holder' | 'instance' | 'identity'>;

type Attempt =
  { readonly type: 'won'; readonly revision: number } | { readonly type: 'taken'; readonly holder: string };

async function tryClaim(bucket: KvBucket, ours: Claim): Promise<Attempt> {
  const value = valueOf(ours);
  try {
    return { type: 'won', revision: await bucket.create(KEY, value) };
  } catch (error) {
    if (!(error instanceof RevisionConflictError)) throw error;
  }
  const entry = await bucket.get(KEY);
  const claim = entry && readClaim(entry.value);
  // An earlier attempt may have been stored although its answer was lost; written anew, its time begins now.
  const isOurs = claim?.instance === ours.instance;
  const isOfOurPast = claim?.identity !== undefined && claim.identity === ours.identity;
  if (entry !== undefined && (isOurs || isOfOurPast)) {
    return { type: 'won', revision: await bucket.update(KEY, value, entry.revision) };
  }
  return { type: 'taken', holder: claim?.holder ?? 'unknown' };
}

/** Resolves when the key is gone, or after a third of its life: a notice may be lost. */
async function untilFree(bucket: KvBucket, ttlMs: number, signal: AbortSignal | undefined): Promise<void> {
  const freed = Promise.withResolvers<undefined>();
  const undo = await bucket.watch(KEY, (entry) => {
    if (entry.deleted) freed.resolve(undefined);
  });
  const waiting = new AbortController();
  const stop = () => {
    waiting.abort();
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    const patience = delay(ttlMs / 3 + Math.random() * 100, undefined, { signal: waiting.signal });
    await Promise.race([freed.promise, patience.catch(() => undefined)]);
  } finally {
    signal?.removeEventListener('abort', stop);
    stop();
    undo();
  }
}

function valueOf({ holder, instance, identity }: ClaimValue): string {
  return JSON.stringify({ holder, instance, identity });
}

function readClaim(value: Uint8Array): ClaimValue | undefined {
  try {
    const { holder, instance, identity } = JSON.parse(Buffer.from(value).toString()) as Record<
      string,
      unknown
    >;
    if (typeof holder !== 'string' || typeof instance !== 'string') return undefined;
    return { holder, instance, identity: typeof identity === 'string' ? identity : undefined };
  } catch {
    return undefined;
  }
}
