import type { StoredSample } from '../stored-sample.ts';

const DAY_US = 86_400e6;

/** One sensor's samples in order of time, each time once. */
export class SampleSeries {
  readonly #samples: StoredSample[] = [];

  /** @returns whether the time is new; otherwise the sample takes the place of the one that had it */
  add(sample: StoredSample): boolean {
    const last = this.#samples.at(-1);
    if (last === undefined || last.timeUs < sample.timeUs) {
      this.#samples.push(sample);
      return true;
    }
    const place = this.placeOf(sample.timeUs);
    const isNew = this.#samples[place]?.timeUs !== sample.timeUs;
    this.#samples.splice(place, isNew ? 0 : 1, sample);
    return isNew;
  }

  get length(): number {
    return this.#samples.length;
  }

  /** Drops the oldest so that `length` stay. */
  trim(length: number): void {
    this.#samples.splice(0, Math.max(0, this.#samples.length - length));
  }

  /** Adds how many samples each day has; days are counted from 1970-01-01, UTC. */
  countDays(days: Map<number, number>): void {
    let place = 0;
    while (place < this.#samples.length) {
      const day = Math.floor(this.#samples[place]!.timeUs / DAY_US);
      const next = this.placeOf((day + 1) * DAY_US);
      days.set(day, (days.get(day) ?? 0) + next - place);
      place = next;
    }
  }

  at(place: number): StoredSample | undefined {
    return place < 0 ? undefined : this.#samples[place];
  }

  /** Of the first sample at or after a time. */
  placeOf(timeUs: number): number {
    let low = 0;
    let high = this.#samples.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#samples[middle]!.timeUs < timeUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
