import { Broker } from '@katbus/bus';

// A component that counts as fast as it is told, every number a sample, until it is told to stop: then it says how many.
const [servers = '', perTick = '10'] = process.argv.slice(2);
const broker = await Broker.connect({ component: 'counter', servers });
const sensor = broker.addSensor({ name: 'n', type: 'integer', sampling: { archiveIntervalSeconds: 0 } });
let count = 0;
const timer = setInterval(() => {
  for (let i = 0; i < Number(perTick); i += 1, count += 1) sensor.update(count);
}, 10);
process.once('message', () => {
  clearInterval(timer);
  void broker.flush(30_000).then(async (isAcknowledged) => {
    process.send?.({ count, isAcknowledged });
    await broker.close();
    process.disconnect?.();
  });
});
process.send?.('counting');
