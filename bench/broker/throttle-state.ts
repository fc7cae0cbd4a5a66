import { COMPONENT, joinWithSensors, sensorName } from './component.ts';
import { heldBytes } from './measuring.ts';

/**
 * What a sensor's throttle keeps in memory: what the heap grows by with a broker's sensors that have all been updated, less what it grows by
 * with their attributes alone, in a map by name (the directory that any component must have to be listed).
 * Run by bench/broker.ts with --expose-gc: `throttle-state.ts <url> <sensors>`; prints JSON.
 */
const [url = '', countText = '0'] = process.argv.slice(2);
const count = Number(countText);

const beforeDirectory = heldBytes();
const directory = new Map<string, object>();
for (let n = 0; n < count; n += 1) {
  const [name, token] = [sensorName(n), sensorName(n).replaceAll('.', '_')];
  directory.set(token, {
    attributes: {
      name: `${COMPONENT}_${token}`,
      katcp_name: `${COMPONENT}.${name}`,
      component: COMPONENT,
      type: 'float',
      description: '',
      units: 'K',
      params: [],
    },
  });
}
// Flattens the names, as announcing them does.
for (const entry of directory.values()) JSON.stringify(entry);
const directoryBytes = heldBytes() - beforeDirectory;
directory.clear();

const before = heldBytes();
const { broker, sensors } = await joinWithSensors(url, count);
for (const [place, sensor] of sensors.entries()) {
  sensor.update(280 + Math.random());
  if (place % 2_000 === 0) await broker.flush(60_000);
}
await broker.flush(60_000);
for (const sensor of sensors) sensor.update(290 + Math.random());
const wholeBytes = heldBytes() - before;
if (broker.counters.held < count * 0.99) throw new Error('the sensors hold nothing');
console.log(
  JSON.stringify({
    throttleBytes: (wholeBytes - directoryBytes) / count,
    wholeBytes: wholeBytes / count,
    directoryBytes: directoryBytes / count,
  }),
);
process.exit(0);
