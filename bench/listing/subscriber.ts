import { PortalClient } from '@katbus/client';
import { Latencies } from '../latency/latencies.ts';
import type { FromSubscriber, ToSubscriber } from './subscriber-messages.ts';

// A client of the portal for which bench/listing.ts asks how long samples are on their way; a process of its own.

let latencies = new Latencies(0);

process.on('message', (message: ToSubscriber) => {
  take(message).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));

async function take(message: ToSubscriber): Promise<void> {
  switch (message.type) {
    case 'subscribe': {
      const client = new PortalClient({ url: message.url });
      const subscription = client.subscribe(
        message.subjects,
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
      tell({ type: 'subscribed' });
      break;
    }
    case 'begin':
      latencies = new Latencies(0);
      tell({ type: 'begun' });
      break;
    case 'end':
      tell({ type: 'latencies', latencies: latencies.result() });
  }
}

function tell(message: FromSubscriber): void {
  process.send?.(message);
}
