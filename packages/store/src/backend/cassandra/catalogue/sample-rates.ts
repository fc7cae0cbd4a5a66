import {
  betterOverADay,
  betterThisHour,
  dayOfHour,
  FAST_SAMPLES_AN_HOUR,
  hourOf,
} from './partition-widths.ts';
import type { PartitionWidth } from '../layout.ts';

const FIRST_ROOM = 1_024;

/**
 * Counts the samples of each sensor by the hour and the day of their `time`, by the sensors' numbers. What comes late or again is not counted: it is
 * {@link LatestColumns.take} that tells which are new.
 */
export class SampleRates {
  #hours = new Int32Array(0);
  #hourCounts = new Int32Array(0);
  #dayCounts = new Int32Array(0);
  /** The day that was counted from its beginning, or is; -1: none yet. */
  #wholeDays = new Int32Array(0);

  /**
   * @param widthOf what a sensor has now; asked for only when its rate may ask for another
   * @returns which width the sensor should have; undefined: what it has will do
   */
  count(
    number: number,
    timeUs: number,
    widthOf: (number: number) => PartitionWidth,
  ): PartitionWidth | undefined {
    if (number >= this.#hours.length) this.#makeRoom(number + 1);
    const hour = hourOf(timeUs);
    const before = this.#hours[number]!;
    if (hour === before) {
      this.#dayCounts[number]! += 1;
      const thisHour = (this.#hourCounts[number]! += 1);
      return thisHour === FAST_SAMPLES_AN_HOUR ? betterThisHour(widthOf(number)) : undefined;
    }
    this.#hours[number] = hour;
    this.#hourCounts[number] = 1;
    const day = dayOfHour(hour);
    if (day === dayOfHour(before)) {
      this.#dayCounts[number]! += 1;
      return undefined;
    }
    // The day in which counting began was not counted as a whole.
    const isFirst = before === 0;
    const isWhole = !isFirst && this.#wholeDays[number] === dayOfHour(before);
    const samplesOfADay = this.#dayCounts[number]!;
    this.#wholeDays[number] = isFirst ? -1 : day;
    this.#dayCounts[number] = 1;
    return isWhole ? betterOverADay(widthOf(number), samplesOfADay) : undefined;
  }

  #makeRoom(least: number): void {
    const room = Math.max(least, FIRST_ROOM, 2 * this.#hours.length);
    this.#hours = longer(this.#hours, room);
    this.#hourCounts = longer(this.#hourCounts, room);
    this.#dayCounts = longer(this.#dayCounts, room);
    this.#wholeDays = longer(this.#wholeDays, room);
  }
}

function longer(from: Int32Array, room: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(room);
  to.set(from);
  return to;
}
