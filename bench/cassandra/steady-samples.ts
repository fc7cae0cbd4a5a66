import { setTimeout as delay } from 'node:timers/promises';
import { AcknowledgedWindow, BusConnection, setupStreams } from '@katbus/bus/nats';
import { attributesSubject, encodeSample, sensorSubject, wallClockUs } from '@katbus/protocol';
import type { BenchSensor } from '../support/shuffled-sensors.ts';

const TICK_MS = 20;

/** When a number of samples had been published. */
interface Mark {
  readonly samples: number;
  readonly atMs: number;
}

/** Publishes samples of many sensors, each in its turn, so many a second. */
export class SteadySamples {
  readonly #connection: BusConnection;
  readonly #window: AcknowledgedWindow;
  readonly #sensors: readonly BenchSensor[];
  readonly #marks: Mark[] = [{ samples: 0, atMs: 0 }];
  #published = 0;

  private constructor(connection: BusConnection, sensors: readonly BenchSensor[]) {
    this.#connection = connection;
    this.#sensors = sensors;
    this.#window = new AcknowledgedWindow(connection);
  }

  /** Announces all of them. What is published then has the stream's sequences from `sensors.length + 1` on. */
  static async begin(url: string, sensors: readonly BenchSensor[]): Promise<SteadySamples> {
    const connection = await BusConnection.connect({ servers: url, name: 'bench' });
    await setupStreams(connection);
    const steady = new SteadySamples(connection, sensors);
    for (const [place, { component, attributes }] of sensors.entries()) {
      steady.#window.publish(attributesSubject(component), attributes, 'archive', true);
      if (place % 500 === 0) await steady.#window.room();
    }
    await steady.#window.flush(120_000);
    return steady;
  }

  get published(): number {
    return this.#published;
  }

  async run(aSecond: number, seconds: number): Promise<void> {
    const startedMs = performance.now();
    const total = aSecond * seconds;
    while (this.#published < total) {
      const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1_000) * aSecond));
      while (this.#published < due) this.#publish();
      this.#marks.push({ samples: this.#published, atMs: performance.now() });
      await this.#window.room();
      await delay(TICK_MS);
    }
    await this.#window.flush(120_000);
    const { dropped, refused } = this.#window.counters.archive;
    if (dropped + refused > 0) throw new Error('not every sample was taken by the stream');
  }

  /** How long ago the first sample was published that is not among the first so many. */
  ageOfNext(stored: number): number {
    if (stored >= this.#published) return 0;
    const mark = this.#marks.find(({ samples }) => samples > stored);
    return mark === undefined ? 0 : performance.now() - mark.atMs;
  }

  async close(): Promise<void> {
    this.#window.close();
    await this.#connection.close();
  }

  #publish(): void {
    const place = this.#published++;
    const sensor = this.#sensors[place % this.#sensors.length]!;
    const timeUs = wallClockUs();
    const value = Math.round(1e6 * Math.sin(place)) / 1e3;
    const payload = encodeSample(sensor.name, timeUs, timeUs - 1_500, 'nominal', value);
    this.#window.publish(sensorSubject('archive', sensor), payload, 'archive', true);
  }
}
