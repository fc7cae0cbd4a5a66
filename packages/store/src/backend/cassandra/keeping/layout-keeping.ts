import { StoreError } from '../../../errors.ts';
import { Thread } from '../../thread/thread.ts';
import type { CassandraEvent } from '../cassandra-event.ts';
import type { LayoutSettings } from '../layouts.ts';
import type { KeeperMethods } from './keeper-thread.ts';

const PASS_EVERY_MS = 10_000;

/** Has a layout's keeper look every few seconds for what is due, in a thread of its own that is replaced when it dies. */
export class LayoutKeeping {
  readonly #settings: LayoutSettings;
  readonly #onEvent: (event: CassandraEvent) => void;
  #thread: Thread<KeeperMethods> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> = Promise.resolve();
  #isPassing = false;
  #isOver = false;

  constructor(settings: LayoutSettings, onEvent: (event: CassandraEvent) => void) {
    this.#settings = settings;
    this.#onEvent = onEvent;
  }

  /** From now on by itself. */
  start(): void {
    this.#timer ??= setInterval(() => {
      void this.#tellLag();
      if (this.#isPassing || this.#isOver) return;
      this.pass(Date.now()).catch((error: unknown) => {
        this.#onEvent({ type: 'trouble', what: 'sealing', error: error as Error });
      });
    }, PASS_EVERY_MS).unref();
  }

  /** What is due at a time, after the pass under way. @throws {StoreError} */
  pass(nowMs: number): Promise<void> {
    const pass = this.#pass.then(async () => {
      if (this.#isOver) return;
      this.#isPassing = true;
      const startedMs = performance.now();
      try {
        const report = await this.#running().call('pass', nowMs);
        this.#onEvent({ type: 'kept', report, tookMs: performance.now() - startedMs });
      } catch (error) {
        // It was ended in the middle: a later one does the rest.
        if (!(error instanceof StoreError) || error.code !== 'CLOSED') throw error;
      } finally {
        this.#isPassing = false;
      }
    });
    this.#pass = pass.catch(() => undefined);
    return pass;
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#isOver = true;
    await this.#thread?.close();
    await this.#pass;
  }

  /** Also while a pass takes long, or fails. */
  async #tellLag(): Promise<void> {
    if (this.#thread === undefined || this.#thread.hasCrashed) return;
    // A thread that dies is replaced by the next pass.
    const lagSeconds = await this.#thread.call('lag', Date.now()).catch(() => undefined);
    if (lagSeconds !== undefined) this.#onEvent({ type: 'lag', lagSeconds });
  }

  #running(): Thread<KeeperMethods> {
    if (this.#thread === undefined || this.#thread.hasCrashed) {
      const file = new URL('./keeper-thread.ts', import.meta.url);
      this.#thread = new Thread('Cassandra keeper', file, this.#settings);
    }
    return this.#thread;
  }
}
