import { PortalClient, PortalError } from '@katbus/client';

// Prints the current value of every sensor that matches, then leaves.
const client = new PortalClient({ url: process.env.KATBUS_PORTAL_WS ?? 'ws://127.0.0.1:8090/ws' });
try {
  const subscription = client.subscribe([process.argv[2] ?? 'sensor.*.nightly.>'], {
    onSample: (sample) => console.log(`${sample.name} = ${sample.value} (${sample.status})`),
  });
  await subscription.ready;
  const { version } = await client.info();
  console.log(`portal ${version}`);
} catch (error) {
  if (!(error instanceof PortalError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  client.close();
}
