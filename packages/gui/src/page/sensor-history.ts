import { PortalError } from '@katbus/client';
import type { ArchivedSample, HistoryPage, HistoryParams } from '@katbus/protocol';
import { SampleSeries } from './sample-series.ts';

/** What the history needs of a PortalClient. */
export interface HistorySource {
  historyAll(params: Omit<HistoryParams, 'after'>): AsyncGenerator<HistoryPage, void, undefined>;
}

export interface HistoryOptions {
  readonly address: string;
  readonly spanSeconds: number;
  /** Unix seconds by the portal's clock. */
  readonly now: () => number;
  /** The samples or the note have changed. */
  readonly onChange: () => void;
}

/** Samples are archived some time after they are published; what was still on its way when the archive was asked is fetched after these. */
const TAIL_DELAYS_MS = [1_000, 5_000] as const;
const TAIL_SECONDS = 60;
const RETRY_DELAY_MS = 5_000;
/** Of the difference between the clocks of a component and of the portal. */
const AHEAD_SECONDS = 60;

/** The samples of one sensor over a span until now: from the archive, flowing into what is live. */
export class SensorHistory {
  readonly series = new SampleSeries();
  readonly #source: HistorySource;
  readonly #options: HistoryOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The one fetch that counts; an older one that still runs finds that it is not it, and ends. */
  #fetch: symbol | undefined;
  /** What there is to say about it; undefined when all is there. */
  note: string | undefined = 'reading the archive …';

  constructor(source: HistorySource, options: HistoryOptions) {
    this.#source = source;
    this.#options = options;
    this.reload();
  }

  /** A live sample. */
  add(sample: ArchivedSample): void {
    this.series.add(sample);
    this.series.forgetBefore(this.#options.now() - this.#options.spanSeconds);
  }

  /** Asks the archive for the whole span again: something may have been missed. */
  reload(): void {
    void this.#load(this.#options.now() - this.#options.spanSeconds, 0);
  }

  close(): void {
    this.#fetch = undefined;
    clearTimeout(this.#timer);
  }

  /** @param tail 0: the whole span, n: the n-th look at what was archived since */
  async #load(start: number, tail: number): Promise<void> {
    clearTimeout(this.#timer);
    const fetch = Symbol('fetch');
    this.#fetch = fetch;
    const { address, now, onChange } = this.#options;
    try {
      const range = { sensor: address, start, end: now() + AHEAD_SECONDS, boundary: tail === 0 };
      for await (const page of this.#source.historyAll(range)) {
        if (this.#fetch !== fetch) return;
        this.series.merge(page.samples);
        onChange();
      }
      if (this.#fetch !== fetch) return;
      this.note = this.series.thinned ? 'so many samples that only their extremes are drawn' : undefined;
      const tailDelayMs = TAIL_DELAYS_MS[tail];
      if (tailDelayMs !== undefined) {
        this.#later(tailDelayMs, () => this.#load(now() - TAIL_SECONDS, tail + 1));
      }
    } catch (error) {
      if (this.#fetch !== fetch) return;
      const mayRetry = !(error instanceof PortalError) || error.retryable || error.code === 'notFound';
      this.note = noteOf(error);
      if (mayRetry) this.#later(RETRY_DELAY_MS, () => this.#load(start, tail));
    }
    if (this.#fetch === fetch) onChange();
  }

  #later(delayMs: number, load: () => Promise<void>): void {
    this.#timer = setTimeout(() => void load(), delayMs);
  }
}

function noteOf(error: unknown): string {
  if (!(error instanceof PortalError)) return `the history failed: ${String(error)}`;
  if (error.code === 'notFound') return 'the archive has nothing of this sensor yet';
  if (error.retryable) return `no history now, asking again: ${error.message}`;
  return `no history: ${error.message}`;
}
