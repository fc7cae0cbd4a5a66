import type { SensorAddress } from '@katbus/protocol';
import type { NumberedSensors } from './sample-batch.ts';

/** Numbers sensors from 0 as they come up, for as long as a back end is open: what crosses to the writing thread instead of names. */
export class SensorNumbers {
  readonly #components = new Map<string, Map<string, number>>();
  #fresh: SensorAddress[] = [];
  #count = 0;
  readonly #translations = new WeakMap<NumberedSensors, Int32Array<ArrayBuffer>>();

  /** undefined: it has none yet. */
  find({ component, sensor }: SensorAddress): number | undefined {
    return this.#components.get(component)?.get(sensor);
  }

  numberOf({ component, sensor }: SensorAddress): number {
    let sensors = this.#components.get(component);
    if (sensors === undefined) {
      sensors = new Map();
      this.#components.set(component, sensors);
    }
    let number = sensors.get(sensor);
    if (number === undefined) {
      number = this.#count++;
      sensors.set(sensor, number);
      this.#fresh.push({ component, sensor });
    }
    return number;
  }

  /** The numbers here of sensors that have others elsewhere, in the order of `theirs`. */
  translate(numbering: NumberedSensors, theirs: Int32Array): Int32Array<ArrayBuffer> {
    let known = this.#translations.get(numbering) ?? new Int32Array(1_024);
    const ours = new Int32Array(theirs.length);
    for (let row = 0; row < theirs.length; row++) {
      const number = theirs[row]!;
      if (number >= known.length) {
        const longer = new Int32Array(Math.max(number + 1, 2 * known.length));
        longer.set(known);
        known = longer;
      }
      // Counted from 1: 0 is a number that is not known yet.
      if (known[number] === 0) known[number] = this.numberOf(numbering.addressOf(number)) + 1;
      ours[row] = known[number]! - 1;
    }
    this.#translations.set(numbering, known);
    return ours;
  }

  /** Those numbered since the call before, in order. */
  takeFresh(): SensorAddress[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}
