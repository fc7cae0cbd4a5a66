import { formatAddress, type SensorAddress } from '@katbus/protocol';

/** The sensors of several files, each of which numbers them for itself, under numbers from 0. */
export class SensorUnion {
  readonly addresses: SensorAddress[] = [];
  readonly #numbers = new Map<string, number>();

  /** @returns by the ids of one file, the numbers here */
  add(sensors: readonly (SensorAddress & { readonly id: number })[]): Int32Array {
    const numbers = new Int32Array(Math.max(0, ...sensors.slice(-1).map(({ id }) => id + 1)));
    for (const { id, component, sensor } of sensors) {
      const address = formatAddress({ component, sensor });
      let number = this.#numbers.get(address);
      if (number === undefined) {
        number = this.addresses.length;
        this.#numbers.set(address, number);
        this.addresses.push({ component, sensor });
      }
      numbers[id] = number;
    }
    return numbers;
  }
}
