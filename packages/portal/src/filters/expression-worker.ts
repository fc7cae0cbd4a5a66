import { Worker } from 'node:worker_threads';
import { RequestError } from '../rpc/errors.ts';

/** To the thread: which of the texts does the expression match? They stand behind each other in one: to copy it is to copy bytes. */
export interface ExpressionJob {
  readonly source: string;
  readonly text: string;
  /** Where each of them ends in it. */
  readonly ends: Uint32Array;
}

/** From the thread: 1 for each text that matches, and what it took there; or why the expression is none. */
export type ExpressionAnswer =
  { readonly matches: Uint8Array; readonly tookMs: number } | { readonly fault: string };

/** What one filter may still take, over all its batches. */
export interface ExpressionBudget {
  leftMs: number;
}

/** What each text adds to a budget: 200,000 names may take longer than a hundred. An expression that ends takes less than a tenth of it. */
const GRANT_MS_A_TEXT = 0.01;

interface QueuedJob extends ExpressionJob {
  readonly budget: ExpressionBudget;
  readonly settled: PromiseWithResolvers<Uint8Array>;
}

/** `starting`: the thread loads; `idle`: it waits for a job; `busy`: it has one, and `timer` ends it. */
type State =
  | { readonly is: 'none' }
  | { readonly is: 'closed' }
  | { readonly is: 'starting' | 'idle'; readonly worker: Worker }
  | {
      readonly is: 'busy';
      readonly worker: Worker;
      readonly job: QueuedJob;
      readonly timer: NodeJS.Timeout;
    };

const NONE: State = { is: 'none' };

/**
 * Regular expressions as JavaScript has them, which can take for ever, in a thread that is killed when one takes longer than its budget. The thread is
 * started when it is first needed; one job runs at a time, in order, and so many may wait.
 */
export class ExpressionWorker {
  readonly #budgetMs: number;
  readonly #mostWaiting: number;
  readonly #queue: QueuedJob[] = [];
  #state: State = NONE;
  /** Threads that were killed because a job took too long. */
  kills = 0;

  constructor(budgetMs: number, mostWaiting: number) {
    this.#budgetMs = budgetMs;
    this.#mostWaiting = mostWaiting;
  }

  newBudget(): ExpressionBudget {
    return { leftMs: this.#budgetMs };
  }

  /**
   * @returns 1 for each of the texts that the expression matches, else 0
   * @throws {RequestError} naming `filter`: it is no expression, or it takes longer than what is left of the budget; `busy`
   */
  matches(source: string, texts: readonly string[], budget: ExpressionBudget): Promise<Uint8Array> {
    if (budget.leftMs <= 0) return Promise.reject(this.#tooSlow(source));
    if (this.#state.is === 'closed' || this.#queue.length >= this.#mostWaiting)
      return Promise.reject(new RequestError('busy', 'too many filters wait: ask again later'));
    budget.leftMs += texts.length * GRANT_MS_A_TEXT;
    const job: QueuedJob = { source, ...joined(texts), budget, settled: Promise.withResolvers<Uint8Array>() };
    this.#queue.push(job);
    if (this.#state.is === 'none') this.#start();
    else this.#runNext();
    return job.settled.promise;
  }

  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { is: 'closed' };
    const stopped = new RequestError('unavailable', 'the portal is stopping');
    for (const job of this.#queue.splice(0)) job.settled.reject(stopped);
    if (state.is === 'none' || state.is === 'closed') return;
    if (state.is === 'busy') {
      clearTimeout(state.timer);
      state.job.settled.reject(stopped);
    }
    await state.worker.terminate();
  }

  #start(): void {
    const worker = new Worker(new URL('./expression-thread.ts', import.meta.url), {
      name: 'expressions',
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    // A waiting thread keeps no program alive.
    worker.unref();
    this.#state = { is: 'starting', worker };
    worker.on('message', (answer: ExpressionAnswer | 'ready') => {
      if (!this.#owns(worker)) return;
      if (answer !== 'ready') this.#settle(answer);
      this.#state = { is: 'idle', worker };
      this.#runNext();
    });
    worker.on('error', (error: Error) => {
      if (!this.#owns(worker)) return;
      if (this.#state.is === 'starting') this.#giveUp(error);
      else this.#replace({ fault: error.message });
    });
  }

  #runNext(): void {
    if (this.#state.is !== 'idle') return;
    const job = this.#queue.shift();
    if (job === undefined) return;
    if (job.budget.leftMs <= 0) {
      job.settled.reject(this.#tooSlow(job.source));
      this.#runNext();
      return;
    }
    const { worker } = this.#state;
    const { source, text, ends } = job;
    const isLate = () => {
      this.kills += 1;
      this.#replace(this.#tooSlow(source));
    };
    // The answer may have come while this loop was held up: what has come is looked at before the thread is given up.
    const timer = setTimeout(
      () => setImmediate(() => this.#state.is === 'busy' && this.#state.job === job && isLate()),
      job.budget.leftMs,
    );
    this.#state = { is: 'busy', worker, job, timer };
    worker.postMessage({ source, text, ends } satisfies ExpressionJob, [ends.buffer as ArrayBuffer]);
  }

  /** No thread can be had: to try again at once would not end. */
  #giveUp(cause: Error): void {
    this.#state = NONE;
    const message = `the thread for filters does not start: ${cause.message}`;
    const failure = new RequestError('unavailable', message, undefined, { cause });
    for (const { settled } of this.#queue.splice(0)) settled.reject(failure);
  }

  /** Ends the thread and its job; the next job gets another thread. */
  #replace(outcome: ExpressionAnswer | RequestError): void {
    const { worker } = this.#state as { readonly worker: Worker };
    this.#settle(outcome);
    this.#state = NONE;
    void worker.terminate();
    if (this.#queue.length > 0) this.#start();
  }

  #settle(outcome: ExpressionAnswer | RequestError): void {
    if (this.#state.is !== 'busy') return;
    const { job, timer } = this.#state;
    clearTimeout(timer);
    if (outcome instanceof RequestError) {
      job.budget.leftMs = 0;
      job.settled.reject(outcome);
    } else if ('fault' in outcome) {
      const message = `pattern "${shorten(job.source)}" is no regular expression (${outcome.fault})`;
      job.settled.reject(new RequestError('invalidParams', message, 'filter'));
    } else {
      job.budget.leftMs -= outcome.tookMs;
      job.settled.resolve(outcome.matches);
    }
  }

  #owns(worker: Worker): boolean {
    return 'worker' in this.#state && this.#state.worker === worker;
  }

  #tooSlow(source: string): RequestError {
    const rule = `takes longer than ${this.#budgetMs} ms and ${GRANT_MS_A_TEXT * 1_000} us for each name; RE2 cannot express it, so it may never end: write it without look-around, back-references and large repetitions`;
    return new RequestError('invalidParams', `pattern "${shorten(source)}" ${rule}`, 'filter');
  }
}

function joined(texts: readonly string[]): Pick<ExpressionJob, 'text' | 'ends'> {
  const ends = new Uint32Array(texts.length);
  let end = 0;
  for (const [place, text] of texts.entries()) ends[place] = end += text.length;
  return { text: texts.join(''), ends };
}

function shorten(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 97)}...`;
}
