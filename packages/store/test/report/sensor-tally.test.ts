import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VALUE_KIND } from '../../src/backend/value-column.ts';
import {
  AT,
  clearTally,
  countSample,
  GAP_FACTOR,
  isStuck,
  outOfOrderShare,
  ratePerSecond,
  TALLY_DOUBLES,
  type TalliedSample,
  type TallyField,
} from '../../src/report/sensor-tally.ts';
import { DAY_START_US } from '../backend/rows.ts';

const SECOND_US = 1e6;
const HOUR_US = 3_600e6;

/** One sensor's row, in the middle of others, told of samples as they come. */
class Sensor {
  readonly rows = new Float64Array(3 * TALLY_DOUBLES);
  readonly at = TALLY_DOUBLES;
  #sequence = 0;

  constructor() {
    this.rows.fill(-7);
    clearTally(this.rows, this.at);
  }

  /** @param atUs `time` from the day's beginning on; the stream takes it then, unless something else is said */
  came(atUs: number, fields: Partial<TalliedSample> = {}, isResumed = false): boolean {
    const timeUs = DAY_START_US + atUs;
    const sequence = ++this.#sequence;
    const sample = {
      timeUs,
      receivedUs: timeUs,
      sequence,
      kind: VALUE_KIND.number,
      value: sequence,
      epoch: 0,
      ...fields,
    };
    return countSample(this.rows, this.at, sample, isResumed);
  }

  figure(field: TallyField): number {
    return this.rows[this.at + AT[field]]!;
  }
}

describe('a sensor that is counted', () => {
  test('leaves the rows beside it alone', () => {
    const sensor = new Sensor();
    for (let second = 0; second < 100; second++) sensor.came(second * SECOND_US);
    const { rows, at } = sensor;
    expect([...rows.subarray(0, at), ...rows.subarray(at + TALLY_DOUBLES)].every((some) => some === -7)).toBe(
      true,
    );
  });

  test('counts a message once, however often it is read, and also those of a stream that was made anew', () => {
    const sensor = new Sensor();
    const first = { sequence: 900, receivedUs: 5 };
    const second = { sequence: 901, receivedUs: 6 };
    const ofNewStream = { sequence: 1, receivedUs: 7 };
    const outcomes = [first, second, first, second, ofNewStream, ofNewStream].map((place, index) =>
      sensor.came(index * SECOND_US, place),
    );
    expect(outcomes).toEqual([true, true, false, false, true, false]);
    expect(sensor.figure('samples')).toBe(3);
  });

  test('counts what the stream took after its clock was set back, once', () => {
    const sensor = new Sensor();
    const outcomes = [
      { sequence: 10, receivedUs: 1_000 },
      { sequence: 11, receivedUs: 10 },
      { sequence: 10, receivedUs: 1_000 },
      { sequence: 11, receivedUs: 10 },
    ].map((place, index) => sensor.came(index * SECOND_US, place));
    expect(outcomes).toEqual([true, true, false, false]);
  });

  test('has as a gap what is three times as long as the longest pause that is usual', () => {
    const sensor = new Sensor();
    for (let place = 0; place < 20; place++) sensor.came(place * 20 * SECOND_US);
    sensor.came(19 * 20 * SECOND_US + 60 * SECOND_US);
    expect(sensor.figure('gaps')).toBe(0);
    sensor.came(440 * SECOND_US + GAP_FACTOR * 60 * SECOND_US + 1);
    expect(sensor.figure('gaps')).toBe(1);
    expect(sensor.figure('longestGapUs')).toBe(180 * SECOND_US + 1);
    expect(sensor.figure('gapEndUs')).toBe(DAY_START_US + 620 * SECOND_US + 1);
  });

  test('has no gap below half a minute, and none before it is known what is usual', () => {
    const fast = new Sensor();
    for (let place = 0; place < 100; place++) fast.came(place * 1_000);
    fast.came(100_000 + 29 * SECOND_US);
    expect(fast.figure('gaps')).toBe(0);
    const young = new Sensor();
    for (let place = 0; place < 7; place++) young.came(place * SECOND_US);
    young.came(HOUR_US);
    expect(young.figure('gaps')).toBe(0);
  });

  test('learns that long pauses are usual where they come again and again', () => {
    const sensor = new Sensor();
    let atUs = 0;
    for (let pause = 0; pause < 20; pause++) {
      for (let place = 0; place < 30; place++) sensor.came((atUs += 10 * SECOND_US));
      atUs += HOUR_US / 2;
    }
    expect(sensor.figure('gaps')).toBeGreaterThan(0);
    expect(sensor.figure('gaps')).toBeLessThan(6);
    sensor.came(atUs + 2 * HOUR_US);
    expect(sensor.figure('longestGapUs')).toBeGreaterThan(2 * HOUR_US);
  });

  test('does not take for a gap what was not counted while the store was killed', () => {
    const sensor = new Sensor();
    for (let place = 0; place < 20; place++) sensor.came(place * SECOND_US);
    sensor.came(HOUR_US, {}, true);
    expect(sensor.figure('gaps')).toBe(0);
    sensor.came(2 * HOUR_US);
    expect(sensor.figure('gaps')).toBe(1);
  });

  test('is out of order by time, within a clock epoch', () => {
    const sensor = new Sensor();
    for (const atUs of [10, 20, 15, 30, 5, 40]) sensor.came(atUs);
    expect(sensor.figure('outOfOrder')).toBe(2);
    expect(outOfOrderShare(sensor.rows, sensor.at)).toBeCloseTo(2 / 6);
    expect(sensor.figure('lastUs')).toBe(DAY_START_US + 40);
    // The clock was set back: its times begin anew, and what comes late of before is out of order.
    sensor.came(1, { epoch: 77 });
    expect([sensor.figure('outOfOrder'), sensor.figure('lastUs')]).toEqual([2, DAY_START_US + 1]);
    sensor.came(50, { epoch: 0 });
    expect([sensor.figure('outOfOrder'), sensor.figure('lastUs')]).toEqual([3, DAY_START_US + 1]);
  });

  test('counts as out of order exactly the samples that come after a later one', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1 }), (times) => {
        const sensor = new Sensor();
        for (const [place, atUs] of times.entries()) sensor.came(atUs, { receivedUs: place });
        const late = times.filter((atUs, place) => times.slice(0, place).some((before) => before > atUs));
        expect(sensor.figure('outOfOrder')).toBe(late.length);
        expect(sensor.figure('samples')).toBe(times.length);
      }),
    );
  });

  test('is stuck when a number that had changed comes again and again for so long', () => {
    const sensor = new Sensor();
    sensor.came(0, { value: 1 });
    sensor.came(SECOND_US, { value: 2 });
    sensor.came(HOUR_US, { value: 2 });
    const stuck = (hours: number) => isStuck(sensor.rows, sensor.at, hours * HOUR_US);
    expect(stuck(0.5)).toBe(false);
    sensor.came(2 * HOUR_US, { value: 2 });
    expect([stuck(1.9), stuck(2)]).toEqual([true, false]);
    sensor.came(3 * HOUR_US, { value: 2.5 });
    expect(stuck(0)).toBe(false);
  });

  test('is not stuck when it never changed, or when it is no number; NaN may be', () => {
    const outcomes = [
      [VALUE_KIND.number, 5, 5],
      [VALUE_KIND.boolean, 0, 1],
      [VALUE_KIND.string, 100, 200],
      [VALUE_KIND.nan, 1, NaN],
    ].map(([kind, first, then]) => {
      const sensor = new Sensor();
      sensor.came(0, { kind: kind!, value: first! });
      for (let hour = 1; hour < 10; hour++) sensor.came(hour * HOUR_US, { kind: kind!, value: then! });
      return isStuck(sensor.rows, sensor.at, HOUR_US);
    });
    expect(outcomes).toEqual([false, false, false, true]);
  });

  test('has a rate that follows the time between samples, and falls while it is silent', () => {
    const sensor = new Sensor();
    expect(ratePerSecond(sensor.rows, sensor.at, DAY_START_US)).toBe(0);
    for (let place = 0; place < 200; place++) sensor.came(place * 0.2 * SECOND_US);
    const rate = (atUs: number) => ratePerSecond(sensor.rows, sensor.at, DAY_START_US + atUs);
    expect(rate(40 * SECOND_US)).toBeCloseTo(5, 5);
    expect(rate(139.8 * SECOND_US)).toBeCloseTo(0.01, 5);
    for (let place = 1; place < 500; place++) sensor.came((40 + 2 * place) * SECOND_US);
    expect(rate(1_039 * SECOND_US)).toBeCloseTo(0.5, 2);
  });
});
