import { Broker } from '@katbus/bus';

// Publishes one value and leaves: what a script at the end of a nightly job would do.
const broker = await Broker.connect({
  component: 'nightly',
  servers: process.env.KATBUS_NATS ?? 'nats://127.0.0.1:4222',
});
const seconds = broker.addSensor({ name: 'backup.duration', type: 'float', units: 's' });
seconds.update(process.uptime());
const isAcknowledged = await broker.flush(5_000);
console.log(isAcknowledged ? 'published' : 'not acknowledged yet');
await broker.close();
