import type { HistoryPiece } from '../../src/backend/sample-summary.ts';
import { blockOf, sampleAt } from '../../src/backend/sample-block.ts';
import type { StoredSample } from '../../src/backend/stored-sample.ts';
import { exactSum } from './naive-bins.ts';
import { statusRank } from '@katbus/protocol';
import type { SampleSource } from '../../src/bins/sample-source.ts';

/** Samples in order of time as a back end would give them: in pieces of so many, summed up wherever that is allowed. */
export class ArraySource implements SampleSource {
  readonly #samples: readonly StoredSample[];
  readonly #pieceSamples: number;
  /** How many pieces came summed up. */
  summaries = 0;

  constructor(samples: readonly StoredSample[], pieceSamples: number) {
    this.#samples = samples;
    this.#pieceSamples = pieceSamples;
  }

  *pieces(
    _address: unknown,
    startUs: number,
    endUs: number,
    { maySumUp }: { maySumUp?: ((firstUs: number, lastUs: number) => boolean) | undefined },
  ): Generator<HistoryPiece, void, void> {
    const inRange = this.#samples.filter(({ timeUs }) => timeUs >= startUs && timeUs < endUs);
    // Pieces begin where those of a whole reading begin: as chunks do.
    const first = inRange[0] === undefined ? 0 : this.#samples.indexOf(inRange[0]);
    for (let from = 0; from < inRange.length;) {
      const size = this.#pieceSamples - ((first + from) % this.#pieceSamples);
      const run = inRange.slice(from, from + size);
      from += run.length;
      const reachedUs = inRange[from]?.timeUs ?? endUs;
      const isNumeric = run.every(({ value }) => typeof value === 'number');
      const isWhole = run.length === this.#pieceSamples;
      if (isNumeric && isWhole && maySumUp?.(run[0]!.timeUs, run.at(-1)!.timeUs) === true) {
        this.summaries += 1;
        yield { reachedUs, summary: summaryOf(run) };
      } else yield { reachedUs, block: blockOf(run) };
    }
    yield { reachedUs: endUs, block: blockOf([]) };
  }

  lastBefore(_address: unknown, timeUs: number): Promise<StoredSample | undefined> {
    const place = this.#samples.findLastIndex((sample) => sample.timeUs < timeUs);
    // Through a block, so that what blocks cannot keep shows.
    return Promise.resolve(place === -1 ? undefined : sampleAt(blockOf([this.#samples[place]!]), 0));
  }
}

function summaryOf(run: readonly StoredSample[]) {
  const values = run.map(({ value }) => value as number);
  const numbers = values.filter((value) => !Number.isNaN(value));
  return {
    count: run.length,
    nans: values.length - numbers.length,
    min: numbers.length === 0 ? NaN : Math.min(...numbers),
    max: numbers.length === 0 ? NaN : Math.max(...numbers),
    sum: numbers.length === 0 ? NaN : exactSum(numbers),
    firstUs: run[0]!.timeUs,
    lastUs: run.at(-1)!.timeUs,
    firstValue: values[0]!,
    lastValue: values.at(-1)!,
    worst: Math.max(...run.map(({ status }) => statusRank(status))),
  };
}
