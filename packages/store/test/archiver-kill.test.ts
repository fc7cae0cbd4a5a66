import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
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
import { waitFor } from '../../../test/support/wait-for.ts';
import {
  everythingStored,
  fullHistory,
  publishStored,
  testConnection,
  testFolder,
  testNats,
} from './store-fixture.ts';
import { StoreProcess } from './store-process.ts';

const KILLS = 10;
const SENSORS = 100;
const SAMPLES_A_SECOND = 5_000;
const TICK_MS = 20;

const VALUES: readonly ((number: number) => SampleValue)[] = [
  (number) => number / 7,
  (number) => `text ${number}`,
  (number) => number % 2 === 0,
  () => 'NaN',
  () => '',
  () => 0,
  (number) => [number, 'Infinity', -0.5],
];

/** Publishes at a steady rate, with acknowledgement, and remembers everything. */
class SteadyPublisher {
  readonly published = new Map<SensorAddress, ArchivedSample[]>();
  readonly #window: AcknowledgedWindow;
  readonly #timer: NodeJS.Timeout;
  readonly #sensors: SensorAddress[];
  readonly #startMs = performance.now();
  #count = 0;

  constructor(connection: BusConnection) {
    this.#window = new AcknowledgedWindow(connection);
    this.#sensors = Array.from({ length: SENSORS }, (_, place) => ({
      component: `dsh${place % 4}`,
      sensor: `sensor_${place}`,
    }));
    for (const address of this.#sensors) this.published.set(address, []);
    this.#timer = setInterval(() => {
      const due = ((performance.now() - this.#startMs) / 1000) * SAMPLES_A_SECOND;
      while (this.#count < due) this.#publish(this.#count++);
    }, TICK_MS);
  }

  get count(): number {
    return this.#count;
  }

  /** Waits for every acknowledgement. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    expect(await this.#window.flush(30_000)).toBe(true);
    const { acknowledged, dropped, refused } = this.#window.counters.archive;
    expect({ acknowledged, dropped, refused }).toEqual({ acknowledged: this.#count, dropped: 0, refused: 0 });
    this.#window.close();
  }

  #publish(number: number): void {
    const address = this.#sensors[number % SENSORS]!;
    const samples = this.published.get(address)!;
    const timeUs = wallClockUs() + number;
    const value = VALUES[(number % SENSORS) % VALUES.length]!(number);
    const status = STATUSES[number % STATUSES.length]!;
    samples.push({ time: toSeconds(timeUs), value_ts: toSeconds(timeUs - number), status, value });
    const payload = encodeSample(normalisedName(address), timeUs, timeUs - number, status, value);
    this.#window.publish(sensorSubject('archive', address), payload, 'archive', true);
  }
}

test(`kill -9 of the archiver, ${KILLS} times under ${SAMPLES_A_SECOND} samples/s: nothing acknowledged is lost, nothing is doubled`, async () => {
  const nats = await testNats();
  const connection = await testConnection(nats);
  const directory = await testFolder();
  for (const place of [3, 10, 17]) {
    // Floats, so that their NaN is stored as a number.
    const name = `dsh${place % 4}_sensor_${place}`;
    await publishStored(connection, `attributes.dsh${place % 4}`, JSON.stringify({ name, type: 'float' }));
  }
  const publisher = new SteadyPublisher(connection);
  let redelivered = 0;
  let store = await StoreProcess.start(nats.url, directory);
  for (let kill = 0; kill < KILLS; kill++) {
    await waitFor(async () => (await store.metric('samples_total')) > 0, {
      what: `the archiver stores (${store.output})`,
      timeoutMs: 20_000,
    });
    await delay(Math.random() * 700);
    redelivered += await store.metric('redelivered_total');
    await store.end('SIGKILL');
    store = await StoreProcess.start(nats.url, directory);
  }
  await publisher.stop();
  await waitFor(() => everythingStored(connection), { what: 'everything is stored', timeoutMs: 30_000 });
  redelivered += await store.metric('redelivered_total');

  for (const [address, published] of publisher.published) {
    expect(await fullHistory(connection, { ...address, limit: 10_000 })).toEqual(published);
  }
  expect(redelivered).toBeGreaterThan(0);
  expect(await store.metric('quarantine_messages')).toBe(0);
  expect(await store.end('SIGTERM')).toBe(0);
  console.log(`${publisher.count} samples, ${KILLS} kills, ${redelivered} redelivered`);
}, 180_000);
