import { joinWithSensors } from './component.ts';
import { cpuNanoseconds, least } from './measuring.ts';

/**
 * What an update costs that the throttle drops: within the dead band, or held and superseded by the next. Sensors in no order, values that change.
 * Run by bench/broker.ts: `dropped-updates.ts <url> <sensors> <rounds>`; prints JSON.
 */
const [url = '', count = '0', rounds = '0'] = process.argv.slice(2);
const { broker, sensors } = await joinWithSensors(url, Number(count));

/** A value for each sensor; the bench's policy gives a dead band of 1. */
const values = Float64Array.from({ length: sensors.length }, () => 280 + Math.random());
const settle = async () => {
  for (const [place, sensor] of sensors.entries()) {
    sensor.update(280 + (values[place]! - 280) / 2);
    if (place % 2_000 === 0) await broker.flush(60_000);
  }
  await broker.flush(60_000);
};
await settle();

/** Passes over all sensors in a round, so that it is long enough to be measured. */
const passes = Math.ceil(100_000 / sensors.length);
const figures: Record<'dropped' | 'held', number[]> = { dropped: [], held: [] };
for (let round = 0; round <= Number(rounds); round += 1) {
  for (const verdict of ['dropped', 'held'] as const) {
    const before = broker.counters[verdict];
    const ns = cpuNanoseconds(() => {
      for (let pass = 0; pass < passes; pass += 1) {
        // Another value each time: a hundredth within the dead band, or ten beyond it.
        const step = (verdict === 'dropped' ? 0.01 : 10) + ((round + pass) % 5) / 1000;
        for (let place = 0; place < sensors.length; place += 1) sensors[place]!.update(values[place]! + step);
      }
    });
    const updates = sensors.length * passes;
    if (broker.counters[verdict] - before < updates * 0.99)
      throw new Error(`not all updates were ${verdict}`);
    // The first round compiles.
    if (round > 0) figures[verdict].push(ns / updates);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
console.log(JSON.stringify({ dropped: least(figures.dropped), held: least(figures.held) }));
process.exit(0);
