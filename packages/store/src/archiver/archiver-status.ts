import type { Logger } from '@katbus/bus/daemon';

/** How the reading of the stream is doing. */
export type StreamSide =
  | { readonly name: 'opening'; readonly reason: string }
  | { readonly name: 'reading' }
  | { readonly name: 'interrupted'; readonly reason: string }
  | { readonly name: 'stopped' };

/** How the writing is doing. */
export type StoreSide =
  | { readonly name: 'writing' }
  | { readonly name: 'failing'; readonly reason: string; readonly sinceMs: number };

/** What people are told: the first of these that holds. */
export const ARCHIVER_STATES = ['stopped', 'store-failing', 'opening', 'interrupted', 'reading'] as const;
export type ArchiverState = (typeof ARCHIVER_STATES)[number];

/** The archiver's state, from both of its sides; each change is one line in the log. */
export class ArchiverStatus {
  readonly #logger: Logger;
  #stream: StreamSide = { name: 'opening', reason: 'starting' };
  #store: StoreSide = { name: 'writing' };

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get state(): ArchiverState {
    if (this.#stream.name === 'stopped') return 'stopped';
    return this.#store.name === 'failing' ? 'store-failing' : this.#stream.name;
  }

  /** Whether the stream is being read, however the writing is doing. */
  get isReading(): boolean {
    return this.#stream.name === 'reading';
  }

  /** Why nothing is being archived now, or undefined when it is. */
  get reason(): string | undefined {
    if (this.#stream.name === 'stopped') return 'the archiver is stopped';
    if (this.#store.name === 'failing') return this.#store.reason;
    return this.#stream.name === 'reading' ? undefined : this.#stream.reason;
  }

  opening(reason: string): void {
    if (this.#stream.name === 'opening' && this.#stream.reason === reason) return;
    this.#stream = { name: 'opening', reason };
    this.#logger.warn(`cannot read the stream yet: ${reason}`);
  }

  /** What was stored lately may be gone: the stream is about to be opened again, further back. */
  setBack(reason: string): void {
    this.#stream = { name: 'opening', reason };
    this.#logger.warn(`what was stored lately may be gone: ${reason}; it is read again from the stream`);
  }

  reading(fromSequence: number): void {
    if (this.#stream.name === 'reading') return;
    this.#stream = { name: 'reading' };
    this.#logger.info(`reading the stream from message ${fromSequence} on`);
  }

  /** A reason that is new is told, also of an interruption that is known. */
  interrupted(reason: string): void {
    if (this.#stream.name === 'interrupted' && this.#stream.reason === reason) return;
    this.#stream = { name: 'interrupted', reason };
    this.#logger.warn(`reading is interrupted: ${reason}; it goes on by itself`);
  }

  stopped(): void {
    this.#stream = { name: 'stopped' };
  }

  storeFailing(reason: string): void {
    if (this.#store.name === 'failing') {
      this.#store = { ...this.#store, reason };
      return;
    }
    this.#store = { name: 'failing', reason, sinceMs: performance.now() };
    this.#logger.error(`cannot store: ${reason}. The stream keeps the samples; trying again until it works`);
  }

  storeWriting(): void {
    if (this.#store.name === 'writing') return;
    const seconds = (performance.now() - this.#store.sinceMs) / 1000;
    this.#store = { name: 'writing' };
    this.#logger.info(`stores again after ${seconds.toFixed(1)} s`);
  }
}
