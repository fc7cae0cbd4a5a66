import type { SensorAddress } from '@katbus/protocol';
import type { SampleSource } from '../../sample-batch.ts';
import { SensorNumbers } from '../../sensor-numbers.ts';
import type { LayoutBatch } from '../layout.ts';
import { packLayoutBatch } from './catalogue-batch.ts';
import { LatestColumns } from './latest-columns.ts';
import { MetSensor } from './met-sensor.ts';
import { SortedSensors } from './sorted-sensors.ts';

/** The sensors of an archive in memory: those in their table, and those that this process has met. */
export class CatalogueMemory {
  readonly latest = new LatestColumns();
  /** Those in their table. */
  readonly stored = new SortedSensors();
  readonly #numbers = new SensorNumbers();
  readonly #sensors: MetSensor[] = [];

  /** All that were met, by their numbers. */
  get met(): readonly MetSensor[] {
    return this.#sensors;
  }

  sensorOf(number: number): MetSensor {
    return this.#sensors[number]!;
  }

  /** One in its table. */
  find(address: SensorAddress): MetSensor | undefined {
    // A look-up must not give numbers to whatever somebody asks for.
    const number = this.#numbers.find(address);
    const sensor = number === undefined ? undefined : this.#sensors[number];
    return sensor?.isStored === true ? sensor : undefined;
  }

  meet(address: SensorAddress): MetSensor {
    const number = this.#numbers.numberOf(address);
    this.#meetFresh();
    return this.#sensors[number]!;
  }

  pack(samples: SampleSource): LayoutBatch {
    const packed = packLayoutBatch(samples, this.#numbers);
    this.#meetFresh();
    return { ...packed, sensorOf: (number) => this.#sensors[number]! };
  }

  /** Its row is in the table. @returns whether it was not before */
  nowStored(sensor: MetSensor): boolean {
    if (sensor.isStored) return false;
    sensor.isStored = true;
    this.stored.add(sensor);
    return true;
  }

  /** What tables say is forgotten; numbers stay. */
  clear(): void {
    this.stored.clear();
    this.latest.clear();
    for (const sensor of this.#sensors) {
      sensor.forget();
      this.latest.cover(sensor.number);
    }
  }

  #meetFresh(): void {
    for (const address of this.#numbers.takeFresh()) {
      const sensor = new MetSensor(address, this.#sensors.length);
      this.#sensors.push(sensor);
      this.latest.cover(sensor.number);
    }
  }
}
