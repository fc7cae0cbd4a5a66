import type { ArchivedSample } from '@katbus/protocol';
import { thin } from './thinning.ts';

export interface SampleSeriesOptions {
  /** Samples that are kept; beyond, the series is thinned so that its shape stays. */
  readonly mostSamples?: number;
}

export const SAMPLE_SERIES_DEFAULTS = { mostSamples: 40_000 } as const;

/** Samples of one sensor in order of `time`, each time once. */
export class SampleSeries {
  readonly #mostSamples: number;
  #samples: ArchivedSample[] = [];
  /** Whether samples were left out because there were too many. */
  thinned = false;

  constructor(options: SampleSeriesOptions = {}) {
    this.#mostSamples = { ...SAMPLE_SERIES_DEFAULTS, ...options }.mostSamples;
  }

  get samples(): readonly ArchivedSample[] {
    return this.#samples;
  }

  /** One that is usually newer than all. */
  add(sample: ArchivedSample): void {
    const newest = this.#samples.at(-1);
    if (newest === undefined || sample.time > newest.time) this.#samples.push(sample);
    else if (sample.time < newest.time) this.merge([sample]);
    this.#bound();
  }

  /** @param more in order of time; of two with one time the one that is there stays */
  merge(more: readonly ArchivedSample[]): void {
    const merged: ArchivedSample[] = [];
    let place = 0;
    for (const sample of this.#samples) {
      while (place < more.length && more[place]!.time < sample.time) merged.push(more[place++]!);
      while (place < more.length && more[place]!.time === sample.time) place += 1;
      merged.push(sample);
    }
    for (; place < more.length; place += 1) merged.push(more[place]!);
    this.#samples = merged;
    this.#bound();
  }

  /** Forgets what is older, but for the last before: the value at the left edge. */
  forgetBefore(time: number): void {
    const first = this.#samples.findIndex((sample) => sample.time >= time);
    const keepFrom = (first === -1 ? this.#samples.length : first) - 1;
    if (keepFrom > 0) this.#samples.splice(0, keepFrom);
  }

  #bound(): void {
    if (this.#samples.length <= this.#mostSamples) return;
    this.#samples = thin(this.#samples, this.#mostSamples);
    this.thinned = true;
  }
}
