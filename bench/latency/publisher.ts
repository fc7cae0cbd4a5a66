import { Broker } from '@katbus/bus';

/** What the publisher tells the benchmark when it is over. */
export interface PublisherResult {
  readonly updates: number;
  readonly sent: number;
  /** Updates that were made more than 20 ms after their time: then the machine was too busy for the rate. */
  readonly late: number;
}

/** A component of so many sensors, each updated once a second with a new value, evenly through the second. */
const [servers = '', component = '', sensorCount = '0', seconds = '0'] = process.argv.slice(2);
const broker = await Broker.connect({ component, servers });
const sensors = Array.from({ length: Number(sensorCount) }, (_, n) =>
  broker.addSensor({ name: `ap.sensor-${n}`, type: 'float', units: 'K', description: 'of the benchmark' }),
);
// As in a real component neighbours are not updated one after the other.
const order = sensors.map((sensor, n) => ({ sensor, place: (n * 7_919) % sensors.length }));
order.sort((a, b) => a.place - b.place);
await broker.flush(60_000);
process.send?.('ready');
await new Promise((resolve) => process.once('message', resolve));

const startMs = performance.now();
const endMs = startMs + Number(seconds) * 1000;
const perMs = sensors.length / 1000;
let updates = 0;
let late = 0;
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const nowMs = Math.min(performance.now(), endMs);
    for (; updates < (nowMs - startMs) * perMs; updates += 1) {
      if (nowMs - startMs - updates / perMs > 20) late += 1;
      const round = Math.floor(updates / sensors.length);
      order[updates % order.length]?.sensor.update(20 + Math.sin(round) + updates / 1e6);
    }
    if (nowMs < endMs) return;
    clearInterval(timer);
    resolve();
  }, 1);
});
await broker.flush(60_000);
const { archive, normal } = broker.counters;
process.send?.({ updates, sent: archive + normal, late } satisfies PublisherResult);
await broker.close();
process.disconnect?.();
