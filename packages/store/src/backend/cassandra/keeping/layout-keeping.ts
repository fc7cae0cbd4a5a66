import { StoreError } from '../../../errors.ts';
import { Thread } from '../../thread/thread.ts';
import type { LayoutSettings } from '../layouts.ts';
import type { KeeperMethods } from './keeper-thread.ts';

const PASS_EVERY_MS = 10_000;

/** Has a layout's keeper look every few seconds for what is due, in a thread of its own that is replaced when it dies. */
export class LayoutKeeping {
  readonly #settings: LayoutSettings;
  readonly #onFailure: (error: Error) => void;
  #thread: Thread<KeeperMethods> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #pass: Promise<void> = Promise.resolve();
  #isPassing = false;
  #isOver = false;

  constructor(settings: LayoutSettings, onFailure: (error: Error) => void) {
    this.#settings = settings;
    this.#onFailure = onFailure;
  }

  /** From now on by itself. */
  start(): void {
    this.#timer ??= setInterval(() => {
      if (!this.#isPassing) void this.pass(Date.now()).catch(this.#onFailure);
    }, PASS_EVERY_MS).unref();
  }

  /** What is due at a time, after the pass under way. @throws {StoreError} */
  pass(nowMs: number): Promise<void> {
    const pass = this.#pass.then(async () => {
      if (this.#isOver) return;
      this.#isPassing = true;
      try {
        await this.#running().call('pass', nowMs);
      } catch (error) {
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

  #running(): Thread<KeeperMethods> {
    if (this.#thread === undefined || this.#thread.hasCrashed) {
      const file = new URL('./keeper-thread.ts', import.meta.url);
      this.#thread = new Thread('Cassandra keeper', file, this.#settings);
    }
    return this.#thread;
  }
}
