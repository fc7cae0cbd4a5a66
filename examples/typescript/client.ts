import { PortalClient } from '@katbus/client';

// Watches the component of component.ts for ten samples, then asks the archive what it has of the last hour.
const client = new PortalClient({ url: process.env.KATBUS_PORTAL_WS ?? 'ws://127.0.0.1:8090/ws' });

let left = 10;
for await (const { sample } of client.samples(['sensor.*.desk.>'])) {
  console.log(new Date(sample.time * 1000).toISOString(), sample.name, sample.value, sample.status);
  left -= 1;
  if (left === 0) break;
}

const now = Date.now() / 1000;
let archived = 0;
for await (const page of client.historyAll({ sensor: 'desk.memory.free', start: now - 3600, end: now + 1 })) {
  archived += page.samples.length;
}
console.log(`${archived} samples of desk.memory.free in the archive`);
client.close();
