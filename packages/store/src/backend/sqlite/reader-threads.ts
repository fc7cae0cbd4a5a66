import type { ReaderMethods } from './reader-thread.ts';
import { Thread } from '../thread/thread.ts';

/** Two large readings at once use two cores; more would keep the writer waiting for one. */
const MOST_THREADS = 2;

/** The threads that read. A second one is started when the first has something to do; one that has died is replaced: it kept nothing. */
export class ReaderThreads {
  readonly #directory: string;
  #threads: Thread<ReaderMethods>[];

  constructor(directory: string) {
    this.#directory = directory;
    this.#threads = [this.#start()];
  }

  /** By the thread that has least to do. @throws as {@link Thread.call} */
  call<Method extends keyof ReaderMethods>(
    method: Method,
    argument: Parameters<ReaderMethods[Method]>[0],
  ): Promise<Awaited<ReturnType<ReaderMethods[Method]>>> {
    return this.#idlest().call(method, argument);
  }

  /** The files have changed: none of the threads keeps one open that is gone. */
  async refresh(): Promise<void> {
    const alive = this.#threads.filter((thread) => !thread.hasCrashed);
    await Promise.all(alive.map((thread) => thread.call('refresh', undefined)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #idlest(): Thread<ReaderMethods> {
    this.#threads = this.#threads.filter((thread) => !thread.hasCrashed);
    const idlest = this.#threads.reduce<Thread<ReaderMethods> | undefined>(
      (least, thread) => (least !== undefined && least.underWay <= thread.underWay ? least : thread),
      undefined,
    );
    if (idlest !== undefined && (idlest.underWay === 0 || this.#threads.length === MOST_THREADS))
      return idlest;
    const another = this.#start();
    this.#threads.push(another);
    return another;
  }

  #start(): Thread<ReaderMethods> {
    return new Thread('SQLite reader', new URL('./reader-thread.ts', import.meta.url), this.#directory);
  }
}
