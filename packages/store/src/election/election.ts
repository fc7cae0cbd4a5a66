import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@katbus/bus/daemon';
import { DisconnectedError, Lease, type BusConnection } from '@katbus/bus/nats';
import type { Backend } from '../backend/backend.ts';
import { StoreError, type StoreErrorCode } from '../errors.ts';
import { ELECTION_DEFAULTS, type ElectionOptions } from './election-options.ts';
import { StandbyNotice } from './standby-notice.ts';
import { Tenure, type TenureParts } from './tenure.ts';

const LEASE = 'archiver';
/** How often a back end is tried that another process has, or that cannot be reached. */
const OPENING_RETRY_MS = 500;
/** Whoever had to give up the directory lets those go first who have been waiting for it. */
const AFTER_YOU_MS = 4 * OPENING_RETRY_MS;

/** Codes of an opening that is tried again: another process has the back end, or its servers are away. */
const PASSING: ReadonlySet<StoreErrorCode> = new Set([
  'LOCKED',
  'UNAVAILABLE',
  'TIMEOUT',
  'OVERLOADED',
] as const);

/** Whether a back end that could not be opened may be opened later, without anybody touching the daemon. */
export function mayOpenLater(error: unknown): error is StoreError {
  return error instanceof StoreError && PASSING.has(error.code);
}

export type ElectionState =
  | { readonly name: 'standing-by'; readonly reason: string }
  | { readonly name: 'active'; readonly tenure: Tenure }
  | { readonly name: 'stopped' };

export interface ElectionParts extends Omit<TenureParts, 'backend' | 'isActive'> {
  readonly connection: BusConnection;
  readonly logger: Logger;
  /** Opens the back end. @throws {StoreError} of which {@link mayOpenLater} says whether it is tried again */
  readonly openBackend: () => Promise<Backend>;
}

/**
 * Of all stores of a bus one is active; the others stand by and take over when it is gone.
 *
 * To be active takes two things, in this order: the data directory, locked, and the lease `archiver`. The lock keeps two processes of one
 * machine, or of one shared disk, out of the same files; the lease decides between directories. Whoever loses the lease stops before it
 * acknowledges anything more, gives the directory back and begins again from the start. A store that was killed and started again finds
 * its own lease by the directory's identity, and takes it at once: the lock proves that the process of before is gone. That is done once
 * a process, so that two copies of one machine cannot take the lease from each other for ever.
 */
export class Election {
  readonly #parts: ElectionParts;
  readonly #leaseSeconds: number;
  readonly #holder: string;
  readonly #stopping = new AbortController();
  readonly #settled = Promise.withResolvers<undefined>();
  readonly #notice: StandbyNotice;
  #state: ElectionState = { name: 'standing-by', reason: 'starting' };
  #backend: Backend | undefined;
  #mayClaimPast = true;

  constructor(parts: ElectionParts, options: ElectionOptions = {}) {
    this.#parts = parts;
    this.#leaseSeconds = options.leaseSeconds ?? ELECTION_DEFAULTS.leaseSeconds;
    this.#holder = options.holder ?? `${hostname()}:${process.pid}`;
    this.#notice = new StandbyNotice(parts.connection, parts.version, this.#holder);
  }

  get state(): ElectionState {
    return this.#state;
  }

  /** The back end, while this process has it. */
  get backend(): Backend | undefined {
    return this.#backend;
  }

  /** Resolves when it is known whether this store is active or stands by. */
  get settled(): Promise<undefined> {
    return this.#settled.promise;
  }

  /**
   * Runs until {@link stop}.
   * @param backend opened already; or why it could not be, when {@link mayOpenLater}
   * @throws {StoreError} when the back end is gone for good, or cannot be opened, now and later
   */
  async run(backend: Backend | StoreError): Promise<void> {
    if (backend instanceof StoreError) this.#standBy(backend.message);
    else this.#backend = backend;
    try {
      while (!this.#isStopping()) {
        await this.#turn();
        if (!this.#isStopping()) await this.#pause(AFTER_YOU_MS);
      }
    } finally {
      await this.#closeBackend();
      this.#state = { name: 'stopped' };
      await this.#notice.end();
      this.#settled.resolve(undefined);
    }
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** From waiting for the directory to having lost, or given up, the lease. */
  async #turn(): Promise<void> {
    this.#backend ??= await this.#openedBackend();
    const backend = this.#backend;
    if (backend === undefined) return;
    const lease = await this.#acquire(backend);
    try {
      if (lease !== undefined && (await this.#tookOver(backend))) await this.#serve(backend, lease);
    } finally {
      // In this order: who takes over reads what the closing wrote, and where nothing locks a keyspace the lease alone makes it wait.
      try {
        await this.#closeBackend();
      } finally {
        await lease?.release();
      }
    }
  }

  /** @returns undefined when it is to stop before it could */
  async #openedBackend(): Promise<Backend | undefined> {
    while (!this.#isStopping()) {
      try {
        return await this.#parts.openBackend();
      } catch (error) {
        if (!mayOpenLater(error)) throw error;
        this.#standBy(error.message);
      }
      await this.#pause(OPENING_RETRY_MS);
    }
    return undefined;
  }

  /** @returns undefined when it is to stop, or could not ask for so long that whoever waits for the directory is to have it */
  async #acquire(backend: Backend): Promise<Lease | undefined> {
    const identity = this.#mayClaimPast ? backend.identity : undefined;
    this.#mayClaimPast = false;
    const givingUp = new AbortController();
    const stop = () => {
      givingUp.abort();
    };
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.#isStopping()) stop();
    let troubleSinceMs: number | undefined;
    try {
      return await Lease.acquire(this.#parts.connection, {
        name: LEASE,
        holder: this.#holder,
        identity,
        ttlSeconds: this.#leaseSeconds,
        signal: givingUp.signal,
        onStandingBy: (holder) => {
          troubleSinceMs = undefined;
          this.#standBy(`${holder} is active`);
        },
        onTrouble: (error) => {
          troubleSinceMs ??= performance.now();
          this.#standBy(
            `cannot ask who is active: ${error instanceof Error ? error.message : String(error)}`,
          );
          if (performance.now() - troubleSinceMs > this.#leaseSeconds * 1000) stop();
        },
      });
    } catch (error) {
      if (givingUp.signal.aborted) return undefined;
      throw error;
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }

  /** @returns false when the back end cannot be reached just now: the lease is given back @throws {StoreError} */
  async #tookOver(backend: Backend): Promise<boolean> {
    try {
      await backend.takeOver?.();
      return true;
    } catch (error) {
      if (!mayOpenLater(error)) throw error;
      this.#standBy(error.message);
      return false;
    }
  }

  /** Is the active store until the lease is lost, or it is to stop. */
  async #serve(backend: Backend, lease: Lease): Promise<void> {
    await this.#notice.end();
    const tenure = await this.#begin(backend, lease);
    if (tenure === undefined) return;
    this.#become({ name: 'active', tenure });
    this.#parts.logger.info(`active as ${this.#holder}: archives and answers`);
    const stopped = Promise.withResolvers<undefined>();
    const stop = () => {
      stopped.resolve(undefined);
    };
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.#isStopping()) stop();
    try {
      const ended = tenure.ended.then(() => 'it is over');
      const lost = await Promise.race([lease.lost, stopped.promise, ended]);
      if (lost !== undefined) this.#standBy(`the lease is lost: ${lost}`);
    } finally {
      this.#stopping.signal.removeEventListener('abort', stop);
      await tenure.end();
    }
  }

  /** @returns undefined when NATS has gone away again */
  async #begin(backend: Backend, lease: Lease): Promise<Tenure | undefined> {
    const { connection } = this.#parts;
    try {
      return await Tenure.begin({ ...this.#parts, backend, isActive: () => lease.held });
    } catch (error) {
      if (connection.closed || !(error instanceof DisconnectedError)) throw error;
      this.#standBy(error.message);
      return undefined;
    }
  }

  #standBy(reason: string): void {
    if (this.#state.name === 'standing-by' && this.#state.reason === reason) return;
    this.#parts.logger.warn(`standing by: ${reason}`);
    this.#become({ name: 'standing-by', reason });
    this.#notice.say(reason);
  }

  #become(state: ElectionState): void {
    this.#state = state;
    this.#settled.resolve(undefined);
  }

  async #closeBackend(): Promise<void> {
    const backend = this.#backend;
    this.#backend = undefined;
    await backend?.close();
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}
