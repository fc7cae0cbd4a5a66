import { freemem, loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { Broker } from '@katbus/bus';

// A component with two sensors: the memory and the load of the machine that it runs on.
const broker = await Broker.connect({
  component: 'desk',
  servers: process.env.KATBUS_NATS ?? 'nats://127.0.0.1:4222',
  description: 'The example of a component',
});
const memory = broker.addSensor({
  name: 'memory.free',
  type: 'integer',
  units: 'B',
  description: 'Memory that nobody uses',
});
const load = broker.addSensor({
  name: 'load',
  type: 'float',
  description: 'Processes that want to run, mean of one minute',
  // A hundredth more or less is no news.
  sampling: { deadBand: 0.01 },
});

let isRunning = true;
process.on('SIGINT', () => (isRunning = false)).on('SIGTERM', () => (isRunning = false));
console.log('component desk is on the bus; Ctrl-C ends it');
while (isRunning) {
  memory.update(freemem());
  const now = loadavg()[0] ?? 0;
  load.update(now, { status: now > 10 ? 'warn' : 'nominal' });
  await delay(200);
}
await broker.close();
