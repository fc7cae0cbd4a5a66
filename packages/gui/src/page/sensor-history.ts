import { PortalError } from '@katbus/client';
import type { ArchivedSample, BinsPage, BinsParams, HistoryPage, HistoryParams } from '@katbus/protocol';
import { binnedPast, isDrawn, type BinnedPast } from './binned-past.ts';
import { SampleSeries } from './sample-series.ts';

/** What the history needs of a PortalClient. */
export interface HistorySource {
  historyAll(params: Omit<HistoryParams, 'after'>): AsyncGenerator<HistoryPage, void, undefined>;
  binsAll(params: Omit<BinsParams, 'after'>): AsyncGenerator<BinsPage, void, undefined>;
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
/** Of a shorter span every sample is drawn. */
const WIDE_SECONDS = 6 * 3_600;
/** About as many as a plot has pixels. */
const BINS = 1_000;
/** Of a wide span too, when there are no more than so many. */
const MOST_SAMPLES = 4_000;
/** Of the difference between the clocks of a component and of the portal. */
const AHEAD_SECONDS = 60;

/** The samples of one sensor over a span until now: from the archive, flowing into what is live. */
export class SensorHistory {
  readonly series = new SampleSeries();
  /** What stands for the samples of a wide span until its last minute, when there are too many to draw each. */
  past: BinnedPast | undefined;
  readonly #source: HistorySource;
  readonly #options: HistoryOptions;
  #wants: 'what a plot shows' | 'every sample' = 'what a plot shows';
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
    // The snapshot's may be old: then it is in the bins, where they have come first.
    if (this.past !== undefined && sample.time < this.past.until) return;
    this.series.add(sample);
    this.series.forgetBefore(this.#options.now() - this.#options.spanSeconds);
  }

  /** Asks the archive for the whole span again: something may have been missed. */
  reload(): void {
    void this.#load(this.#options.now() - this.#options.spanSeconds, 0);
  }

  /** The sensor has no plot, as its attributes say that came after it was selected: what is shown of it are its samples. */
  wantEverySample(): void {
    if (this.#wants === 'every sample') return;
    this.#wants = 'every sample';
    if (this.past !== undefined) this.reload();
  }

  /** It has one after all: what was known of it before said less. */
  wantPlot(): void {
    if (this.#wants === 'what a plot shows') return;
    this.#wants = 'what a plot shows';
    this.reload();
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
      if (tail === 0) {
        const past = await this.#readPast(start);
        if (this.#fetch !== fetch) return;
        this.past = past;
        if (past !== undefined) this.series.forgetBefore(past.until);
      }
      const from = Math.max(start, this.past?.until ?? start);
      const boundary = tail === 0 && this.past === undefined;
      const range = { sensor: address, start: from, end: now() + AHEAD_SECONDS, boundary };
      for await (const page of this.#source.historyAll(range)) {
        if (this.#fetch !== fetch) return;
        this.series.merge(page.samples);
        onChange();
      }
      if (this.#fetch !== fetch) return;
      this.note = this.#noteOfMany();
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

  /** @returns undefined when every sample is to be drawn */
  async #readPast(start: number): Promise<BinnedPast | undefined> {
    const { address, now, spanSeconds } = this.#options;
    if (spanSeconds < WIDE_SECONDS || this.#wants === 'every sample') return undefined;
    const until = now() - TAIL_SECONDS;
    const range = { sensors: [address], start, end: until, bins: BINS };
    const past = await binnedPast(this.#source.binsAll(range), until);
    const isMany = past !== undefined && past.samples > MOST_SAMPLES;
    return isMany && isDrawn(past) ? past : undefined;
  }

  #noteOfMany(): string | undefined {
    if (this.past !== undefined) {
      const count = this.past.samples.toLocaleString('en');
      const width = widthText(this.past.width);
      return this.past.series.kind === 'number'
        ? `${count} samples: drawn as the mean of ${width}, in a band from the least to the greatest`
        : `${count} samples: drawn as the last value of each ${width}, in a band over all that were there`;
    }
    return this.series.thinned ? 'so many samples that only their extremes are drawn' : undefined;
  }

  #later(delayMs: number, load: () => Promise<void>): void {
    this.#timer = setTimeout(() => void load(), delayMs);
  }
}

function widthText(seconds: number): string {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}

function noteOf(error: unknown): string {
  if (!(error instanceof PortalError)) return `the history failed: ${String(error)}`;
  if (error.code === 'notFound') return 'the archive has nothing of this sensor yet';
  if (error.retryable) return `no history now, asking again: ${error.message}`;
  return `no history: ${error.message}`;
}
