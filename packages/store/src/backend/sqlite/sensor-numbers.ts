import type { SensorAddress } from '@katbus/protocol';

/** Numbers sensors from 0 as they come up, for as long as a back end is open: what crosses to the writing thread instead of names. */
export class SensorNumbers {
  readonly #components = new Map<string, Map<string, number>>();
  #fresh: SensorAddress[] = [];
  #count = 0;

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

  /** Those numbered since the call before, in order. */
  takeFresh(): SensorAddress[] {
    const fresh = this.#fresh;
    this.#fresh = [];
    return fresh;
  }
}
