import { StoreError } from '../../errors.ts';
import type { CqlSession, CqlValue } from './session/cql-session.ts';
import { SharedBatches, type SharedBatchLimits } from './shared-batches.ts';

export interface BatchSenderOptions extends SharedBatchLimits {
  /** Batches that wait for their turn or for an answer. */
  readonly batchesAhead: number;
}

type Rows = (readonly CqlValue[])[];

/** Sends rows of one statement in batches: so many under way at most, and none more after one has failed. */
export class BatchSender {
  readonly #session: CqlSession;
  readonly #cql: string;
  readonly #timestampUs: number;
  readonly #most: number;
  readonly #shared: SharedBatches;
  #underWay = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  /** @param timestampUs of rows that do not bind their own */
  constructor(session: CqlSession, cql: string, timestampUs: number, options: BatchSenderOptions) {
    this.#session = session;
    this.#cql = cql;
    this.#timestampUs = timestampUs;
    this.#most = options.batchesAhead;
    this.#shared = new SharedBatches(options);
  }

  /** Sends rows of one partition. Resolves when others may follow. @throws {StoreError} what a batch before it met */
  async alone(rows: Rows): Promise<void> {
    if (this.#underWay >= this.#most || this.#failure !== undefined) await this.#room();
    this.#underWay++;
    this.#session.batch(this.#cql, rows, this.#timestampUs).then(
      () => this.#settle(),
      (error: Error) => this.#settle(error),
    );
  }

  /**
   * Sends rows of one partition with those of others that have the same nodes.
   * @param key of the partition, as nodes hash it
   * @returns what {@link alone} does; undefined: at once
   */
  shared(key: () => Uint8Array, rows: Rows, bytes: number): Promise<void> | undefined {
    const replica = this.#session.replicaOf?.(key) ?? '';
    const full = this.#shared.add(replica, rows, bytes);
    return full === undefined ? undefined : this.alone(full);
  }

  /** Sends what is left, and waits for all. @throws {StoreError} */
  async finish(): Promise<void> {
    for (const rows of this.#shared.rest()) await this.alone(rows);
    await this.settled();
    await this.#room();
  }

  /** Waits for all that is under way, however it ends. */
  async settled(): Promise<void> {
    while (this.#underWay > 0) await this.#change();
  }

  async #room(): Promise<void> {
    while (this.#underWay >= this.#most && this.#failure === undefined) await this.#change();
    if (this.#failure !== undefined) throw this.#failure;
  }

  #settle(error?: Error): void {
    this.#underWay--;
    // What may pass by itself is told first: only when nothing else is the matter, the row is looked for that is never taken.
    if (error !== undefined && (this.#failure === undefined || !mayPass(this.#failure)))
      this.#failure = error;
    this.#wake?.();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function mayPass(error: Error): boolean {
  return error instanceof StoreError && error.isRetryable;
}
