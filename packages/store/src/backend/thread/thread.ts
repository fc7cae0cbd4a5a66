import { setTimeout as delay } from 'node:timers/promises';
import { Worker, type TransferListItem } from 'node:worker_threads';
import { StoreError } from '../../errors.ts';
import { fromFault, type ThreadAnswer, type ThreadMethods, type ThreadRequest } from './thread-protocol.ts';

interface Pending {
  resolve(result: never): void;
  reject(error: Error): void;
}

/** How long the calls that are under way may take once it is to close: one that never ends must not keep the daemon from stopping. */
const CLOSE_WITHIN_MS = 5_000;

/**
 * Threads end one after the other: V8 keeps one map of code pages for all threads of a process, and has been seen to abort (`jit_page.has_value()`,
 * Node 24) when several were torn down at once.
 */
let lastEnd: Promise<unknown> = Promise.resolve();

/** The near end of a worker thread: calls become promises. SQLite in Node is synchronous and must not hold up the daemon's loop. */
export class Thread<Methods extends ThreadMethods> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #closeWithinMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #lastId = 0;
  /** Why calls are refused. */
  #over: StoreError | undefined;

  constructor(name: string, file: URL, workerData: unknown, closeWithinMs = CLOSE_WITHIN_MS) {
    this.#name = name;
    this.#closeWithinMs = closeWithinMs;
    this.#worker = new Worker(file, { workerData, name });
    this.#worker.on('message', (answer: ThreadAnswer) => {
      this.#settle(answer);
    });
    this.#worker.on('error', (error: Error) => {
      this.#end(
        new StoreError('CRASHED', `the ${name} thread died: ${error.message}`, undefined, { cause: error }),
      );
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new StoreError('CRASHED', `the ${name} thread ended`));
        resolve();
      });
    });
  }

  /** It ended without having been closed. */
  get hasCrashed(): boolean {
    return this.#over?.code === 'CRASHED';
  }

  /** Calls that are not answered yet. */
  get underWay(): number {
    return this.#pending.size;
  }

  /** @throws what the method throws; {@link StoreError} CRASHED or CLOSED when the thread is no more */
  call<Method extends keyof Methods & string>(
    method: Method,
    argument: Parameters<Methods[Method]>[0],
    transfer: TransferListItem[] = [],
  ): Promise<Awaited<ReturnType<Methods[Method]>>> {
    if (this.#over !== undefined) return Promise.reject(this.#over);
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#pending.set(id, { resolve, reject });
      const request: ThreadRequest = { id, method, argument };
      this.#worker.postMessage(request, transfer);
    });
  }

  /**
   * Lets the calls made so far finish, but for no longer than its time, then ends the thread: those that took longer are CLOSED.
   * @throws what the end of the thread throws
   */
  async close(): Promise<void> {
    if (this.#over !== undefined) return;
    const last = this.call('close', undefined as never);
    this.#over = new StoreError('CLOSED', `the ${this.#name} thread is closed`);
    const patience = new AbortController();
    const limit = delay(this.#closeWithinMs, undefined, { signal: patience.signal }).catch(() => undefined);
    // Past the limit it is rejected by the thread's end.
    last.catch(() => undefined);
    try {
      await Promise.race([last, limit]);
    } finally {
      patience.abort();
      const end = lastEnd.then(() => this.#worker.terminate());
      lastEnd = end.catch(() => undefined);
      await end;
      await this.#exited;
    }
  }

  #settle(answer: ThreadAnswer): void {
    const pending = this.#pending.get(answer.id);
    this.#pending.delete(answer.id);
    if ('fault' in answer) pending?.reject(fromFault(answer.fault));
    else pending?.resolve(answer.result as never);
  }

  #end(error: StoreError): void {
    this.#over ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#over);
    this.#pending.clear();
  }
}
