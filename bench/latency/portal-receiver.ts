import { PortalClient } from '@katbus/client';
import { Latencies, serveBench } from './latencies.ts';

/** A client of the portal, as anybody writes one. */
const [url = '', component = '', warmUpSeconds = '0'] = process.argv.slice(2);
const latencies = new Latencies(Number(warmUpSeconds));
const client = new PortalClient({ url });
const subscription = client.subscribe(
  [`sensor.*.${component}.*`],
  {
    onSample: (sample, _, { skipped }) => {
      latencies.add(sample.time);
      if (skipped > 0) latencies.fault(`${skipped} samples of ${sample.name} were skipped`);
    },
    onGap: ({ reason }) => latencies.fault(reason),
  },
  { snapshot: false },
);
await subscription.ready;
serveBench(latencies);
