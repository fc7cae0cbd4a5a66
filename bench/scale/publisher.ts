import { setTimeout as delay } from 'node:timers/promises';
import { Broker, type Sensor } from '@katbus/bus';
import { Pacer } from '@katbus/components';
import type {
  FromPublisher,
  LaneCounts,
  PublisherCounts,
  PublisherSetup,
  ToPublisher,
} from './publisher-messages.ts';

// A publisher of bench/scale.ts, a process of its own: told over IPC what to publish.

const TICK_MS = 10;
const SENSORS_AT_ONCE = 500;
const FLUSH_MS = 120_000;

/** A sensor with the value that it had last. */
interface Counting {
  readonly sensor: Sensor;
  value: number;
}

let setup: PublisherSetup;
const brokers: Broker[] = [];
const components: Counting[][] = [];
/** Samples beside the attributes: what was acknowledged before the first update. */
let announced = 0;
let updates = 0;
let pacer: Pacer | undefined;
let timer: NodeJS.Timeout | undefined;

process.on('message', (message: ToPublisher) => {
  take(message).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));

async function take(message: ToPublisher): Promise<void> {
  switch (message.type) {
    case 'setup':
      setup = message.setup;
      await join();
      tell({ type: 'ready' });
      break;
    case 'run':
      run();
      break;
    case 'count':
      tell({ type: 'counts', counts: counts() });
      break;
    case 'finish':
      clearInterval(timer);
      await holdsOver();
      tell({
        type: 'finished',
        counts: counts(),
        last: components.map((sensors) => sensors.map(({ value }) => value)),
      });
      break;
    case 'leave':
      for (const broker of brokers) await broker.close();
      process.exit(0);
  }
}

async function join(): Promise<void> {
  for (let number = 0; number < setup.components; number += 1) {
    const broker = await Broker.connect({
      component: `${setup.name}_${number}`,
      servers: setup.servers,
      sampling: setup.sampling,
    });
    const sensors: Counting[] = [];
    for (let place = 0; place < setup.sensors; place += 1) {
      const isOther = setup.otherEach > 0 && place % setup.otherEach === 0;
      const sampling = isOther ? setup.otherSampling : setup.sampling;
      sensors.push({ sensor: broker.addSensor({ name: `s${place}`, type: 'integer', sampling }), value: 0 });
      if (place % SENSORS_AT_ONCE === 0) await broker.flush(FLUSH_MS);
    }
    await broker.flush(FLUSH_MS);
    announced += broker.publishing.archive.acknowledged;
    brokers.push(broker);
    components.push(sensors);
  }
}

function run(): void {
  const order = shuffled(components.flat());
  pacer = new Pacer({
    count: order.length,
    ratePerSecond: setup.rate,
    deal: (place) => {
      const entry = order[place]!;
      entry.value += 1;
      updates += 1;
      entry.sensor.update(entry.value);
    },
  });
  const began = performance.now();
  timer = setInterval(() => pacer?.advance((performance.now() - began) / 1000), TICK_MS);
}

/** What the throttle holds comes within an archive interval; then all is to be acknowledged. */
async function holdsOver(): Promise<void> {
  await delay(((setup.sampling.archiveIntervalSeconds ?? 10) + 0.5) * 1_000);
  for (const broker of brokers) await broker.flush(FLUSH_MS);
}

function counts(): PublisherCounts {
  const sum = (of: (broker: Broker) => number) => brokers.reduce((all, broker) => all + of(broker), 0);
  const lane = (name: 'archive' | 'normal'): LaneCounts => ({
    sent: sum(({ counters }) => counters[name]),
    acknowledged:
      sum(({ publishing }) => publishing[name].acknowledged) - (name === 'archive' ? announced : 0),
    dropped: sum(({ publishing }) => publishing[name].dropped),
    pending: sum(({ publishing }) => publishing[name].pending),
  });
  return { updates, skipped: pacer?.skipped ?? 0, archive: lane('archive'), normal: lane('normal') };
}

function tell(message: FromPublisher): void {
  process.send?.(message);
}

/** In random order (Fisher and Yates): nothing gains from neighbours. */
function shuffled<T>(list: T[]): T[] {
  for (let place = list.length - 1; place > 0; place -= 1) {
    const other = Math.floor(Math.random() * (place + 1));
    [list[place], list[other]] = [list[other]!, list[place]!];
  }
  return list;
}
