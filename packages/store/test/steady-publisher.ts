import { expect } from 'vitest';
import { AcknowledgedWindow, type BusConnection } from '@katbus/bus/nats';
import {
  encodeSample,
  normalisedName,
  sensorSubject,
  STATUSES,
  toSeconds,
  wallClockUs,
  type ArchivedSample,
  type SampleValue,
  type SensorAddress,
} from '@katbus/protocol';

const TICK_MS = 20;

export interface SteadyRate {
  readonly samplesASecond: number;
  readonly sensors: number;
}

const VALUES: readonly ((number: number) => SampleValue)[] = [
  (number) => number / 7,
  (number) => `text ${number}`,
  (number) => number % 2 === 0,
  () => 'NaN',
  () => '',
  () => 0,
  (number) => [number, 'Infinity', -0.5],
];

/** Publishes at a steady rate, with acknowledgement, and remembers everything: the reference of the kill tests. */
export class SteadyPublisher {
  readonly published = new Map<SensorAddress, ArchivedSample[]>();
  readonly #window: AcknowledgedWindow;
  readonly #timer: NodeJS.Timeout;
  readonly #sensors: SensorAddress[];
  readonly #startMs = performance.now();
  readonly #samplesASecond: number;
  #count = 0;

  constructor(connection: BusConnection, { samplesASecond, sensors }: SteadyRate) {
    this.#samplesASecond = samplesASecond;
    this.#window = new AcknowledgedWindow(connection);
    this.#sensors = Array.from({ length: sensors }, (_, place) => ({
      component: `dsh${place % 4}`,
      sensor: `sensor_${place}`,
    }));
    for (const address of this.#sensors) this.published.set(address, []);
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#startMs) / 1000) * this.#samplesASecond;
      while (this.#count < due) this.#publish(this.#count++);
    }, TICK_MS);
  }

  get count(): number {
    return this.#count;
  }

  get acknowledged(): number {
    return this.#window.counters.archive.acknowledged;
  }

  /** Waits for every acknowledgement. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    expect(await this.#window.flush(60_000)).toBe(true);
    const { acknowledged, dropped, refused } = this.#window.counters.archive;
    expect({ acknowledged, dropped, refused }).toEqual({ acknowledged: this.#count, dropped: 0, refused: 0 });
    this.#window.close();
  }

  #publish(number: number): void {
    const address = this.#sensors[number % this.#sensors.length]!;
    const samples = this.published.get(address)!;
    const timeUs = wallClockUs() + number;
    const value = VALUES[(number % this.#sensors.length) % VALUES.length]!(number);
    const status = STATUSES[number % STATUSES.length]!;
    samples.push({ time: toSeconds(timeUs), value_ts: toSeconds(timeUs - number), status, value });
    const payload = encodeSample(normalisedName(address), timeUs, timeUs - number, status, value);
    this.#window.publish(sensorSubject('archive', address), payload, 'archive', true);
  }
}
