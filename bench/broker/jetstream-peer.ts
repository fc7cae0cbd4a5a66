import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { COMPONENT, sensorName, shuffle } from './component.ts';

/**
 * The same samples through `publish` of the client library's JetStream, 512 under way: what a component would do that is written with that
 * library alone. Run by bench/broker.ts: `jetstream-peer.ts <url> <sensors> <samples> [lean]`; prints JSON.
 * `lean`: without the stack trace that the library takes of each request unless told otherwise.
 */
const [url = '', sensorCount = '0', sampleCount = '0', lean] = process.argv.slice(2);
const IN_FLIGHT = 512;
const connection = await connect({ servers: url, noAsyncTraces: lean === 'lean' });
const stream = jetstream(connection);
const sensors = Array.from({ length: Number(sensorCount) }, (_, n) => {
  const token = sensorName(n).replaceAll('.', '_');
  return { subject: `sensor.archive.${COMPONENT}.${token}`, name: `${COMPONENT}_${token}` };
});
shuffle(sensors);

async function publish(samples: number): Promise<number> {
  const before = process.cpuUsage();
  let next = 0;
  const worker = async () => {
    while (next < samples) {
      const { subject, name } = sensors[next % sensors.length]!;
      next += 1;
      const time = Date.now() / 1000;
      const sample = { name, time, value_ts: time, status: 'nominal', value: Math.random() * 1e6 };
      await stream.publish(subject, JSON.stringify(sample));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / samples;
}

const most = Number(sampleCount);
await publish(most / 5);
console.log(JSON.stringify({ microseconds: await publish(most) }));
await connection.close();
