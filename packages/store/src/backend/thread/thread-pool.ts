import type { ThreadMethods } from './thread-protocol.ts';
import { Thread } from './thread.ts';

/** Two large readings at once use two cores; more would keep the writer waiting for one. */
const MOST_THREADS = 2;

/** Threads that read. Another one is started when all have something to do; one that has died is replaced: it kept nothing. */
export class ThreadPool<Methods extends ThreadMethods> {
  readonly #start: () => Thread<Methods>;
  readonly #most: number;
  #threads: Thread<Methods>[];

  /** @param most threads; one is started at once */
  constructor(name: string, file: URL, workerData: unknown, most = MOST_THREADS) {
    this.#start = () => new Thread<Methods>(name, file, workerData);
    this.#most = most;
    this.#threads = [this.#start()];
  }

  /** By the thread that has least to do. @throws as {@link Thread.call} */
  call<Method extends keyof Methods & string>(
    method: Method,
    argument: Parameters<Methods[Method]>[0],
  ): Promise<Awaited<ReturnType<Methods[Method]>>> {
    return this.#idlest().call(method, argument);
  }

  /** By each thread that there is now. */
  async callAll<Method extends keyof Methods & string>(
    method: Method,
    argument: Parameters<Methods[Method]>[0],
  ): Promise<void> {
    const alive = this.#threads.filter((thread) => !thread.hasCrashed);
    await Promise.all(alive.map((thread) => thread.call(method, argument)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #idlest(): Thread<Methods> {
    this.#threads = this.#threads.filter((thread) => !thread.hasCrashed);
    const idlest = this.#threads.reduce<Thread<Methods> | undefined>(
      (least, thread) => (least !== undefined && least.underWay <= thread.underWay ? least : thread),
      undefined,
    );
    if (idlest !== undefined && (idlest.underWay === 0 || this.#threads.length >= this.#most)) return idlest;
    const another = this.#start();
    this.#threads.push(another);
    return another;
  }
}
