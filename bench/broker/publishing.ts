import { joinWithSensors } from './component.ts';

/**
 * What a published sample costs the component, from `update()` to the acknowledgement: processor time of the whole process, its sockets with it.
 * Run by bench/broker.ts: `publishing.ts <url> <sensors> <samples>`; prints JSON. The bench's policy lets everything out that changed.
 */
const [url = '', sensorCount = '0', sampleCount = '0'] = process.argv.slice(2);
const { broker, sensors } = await joinWithSensors(url, Number(sensorCount));
const most = Number(sampleCount);
/** Updates before all is waited for: as many as a component gets from one look at its devices. */
const UPDATES_A_TURN = 2_000;

async function publish(samples: number): Promise<number> {
  const before = process.cpuUsage();
  for (let sent = 0; sent < samples; sent += 1) {
    sensors[sent % sensors.length]!.update(Math.random() * 1e6);
    if (sent % UPDATES_A_TURN === 0) await broker.flush(60_000);
  }
  if (!(await broker.flush(60_000))) throw new Error('not all was acknowledged');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / samples;
}

await publish(most / 5);
const acknowledgedBefore = broker.publishing.archive.acknowledged;
const microseconds = await publish(most);
const { acknowledged, resent, dropped } = broker.publishing.archive;
if (acknowledged - acknowledgedBefore !== most || resent > 0 || dropped > 0)
  throw new Error('the figures do not fit');
console.log(JSON.stringify({ microseconds }));
await broker.close();
