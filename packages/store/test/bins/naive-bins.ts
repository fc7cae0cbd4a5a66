import { statusRank, STATUSES, toSeconds, type BinColumn } from '@katbus/protocol';
import type { StoredSample, StoredValue } from '../../src/backend/stored-sample.ts';
import type { BinGrid } from '../../src/bins/bin-grid.ts';

/** Bins by their definition, with no thought of time or memory: what the real ones are compared with. */
export interface NaiveBin {
  readonly bin: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly samples: readonly StoredSample[];
}

export function naiveBins(grid: BinGrid, samples: readonly StoredSample[]): NaiveBin[] {
  const bins: NaiveBin[] = [];
  for (let bin = 0; grid.originUs + bin * grid.widthUs < grid.endUs; bin++) {
    const startUs = Math.max(grid.originUs + bin * grid.widthUs, grid.startUs);
    const endUs = Math.min(grid.originUs + (bin + 1) * grid.widthUs, grid.endUs);
    bins.push({
      bin,
      startUs,
      endUs,
      samples: samples.filter(({ timeUs }) => timeUs >= startUs && timeUs < endUs),
    });
  }
  return bins;
}

export type NaiveRow = Readonly<Record<BinColumn | 'bin', unknown>>;

export function naiveNumberRow({ bin, samples }: NaiveBin): NaiveRow {
  const withNumber = samples.filter(({ value }) => typeof value === 'number');
  const numbers = withNumber.map(({ value }) => value as number).filter((value) => !Number.isNaN(value));
  const [first, last] = [withNumber[0], withNumber.at(-1)];
  return {
    bin,
    count: numbers.length,
    nan: withNumber.length - numbers.length,
    none: samples.length - withNumber.length,
    min: numbers.length === 0 ? null : numbers.reduce((a, b) => Math.min(a, b)),
    max: numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b)),
    mean: numbers.length === 0 ? null : exactMean(numbers),
    status: worst(samples),
    first: first?.value ?? null,
    firstTime: first === undefined ? null : toSeconds(first.timeUs),
    last: last?.value ?? null,
    lastTime: last === undefined ? null : toSeconds(last.timeUs),
  };
}

export function worst(samples: readonly StoredSample[]): string {
  return STATUSES[Math.max(...samples.map(({ status }) => statusRank(status)))]!;
}

export function exactMean(numbers: readonly number[]): number {
  return exactSum(numbers) / numbers.length;
}

/** The sum as parts that do not overlap, so that nothing is lost (Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997). */
export function exactSum(numbers: readonly number[]): number {
  if (numbers.some((number) => !Number.isFinite(number))) return numbers.reduce((a, b) => a + b);
  const parts: number[] = [];
  for (const number of numbers) {
    let rest = number;
    let kept = 0;
    for (const part of parts) {
      const [large, small] = Math.abs(rest) < Math.abs(part) ? [part, rest] : [rest, part];
      rest = large + small;
      const lost = small - (rest - large);
      if (lost !== 0) parts[kept++] = lost;
    }
    parts.length = kept;
    parts.push(rest);
  }
  return parts.reduceRight((a, b) => a + b, 0);
}

/** How long which state held in a bin, by looking at each span between two samples, and from the last one to now. */
export function naiveHeld(
  { startUs, endUs }: NaiveBin,
  samples: readonly StoredSample[],
  nowUs: number,
): Map<StoredValue, number> {
  const held = new Map<StoredValue, number>();
  for (const [place, { timeUs, value }] of samples.entries()) {
    const fromUs = Math.max(timeUs, startUs);
    const toUs = Math.min(samples[place + 1]?.timeUs ?? nowUs, endUs);
    if (toUs > fromUs) held.set(value, (held.get(value) ?? 0) + toUs - fromUs);
  }
  return held;
}
