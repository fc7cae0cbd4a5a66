import { PortalClient } from '@katbus/client';
import type { Sample } from '@katbus/protocol';
import type { FromReader, SensorTally, ToReader } from './reader-messages.ts';

// The client of bench/scale.ts, a process of its own: one session that wants every sample, and looks whether any is missing.

type Tally = { -readonly [Field in keyof SensorTally]: SensorTally[Field] };

const tallies = new Map<string, Tally>();
let received = 0;
let gaps = 0;
let passedOver = 0;
let closed = '';

process.on('message', (message: ToReader) => {
  take(message).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));

async function take(message: ToReader): Promise<void> {
  switch (message.type) {
    case 'subscribe': {
      const client = new PortalClient({ url: message.url, quietMs: 0 });
      const subscription = client.subscribe(
        message.subjects,
        {
          onSample: (sample, subject, { skipped }) => count(sample, subject, skipped),
          onGap: () => (gaps += 1),
          onClosed: (error) => (closed = error?.message ?? 'closed'),
        },
        { mode: 'all', snapshot: false },
      );
      await subscription.ready;
      tell({ type: 'subscribed' });
      break;
    }
    case 'totals': {
      const sum = (of: (tally: Tally) => number) =>
        [...tallies.values()].reduce((all, tally) => all + of(tally), 0);
      const holes = sum(({ holes }) => holes);
      const backward = sum(({ backward }) => backward);
      const repeated = sum(({ repeated }) => repeated);
      tell({
        type: 'totals',
        totals: {
          received,
          sensors: tallies.size,
          holes,
          backward,
          repeated,
          gaps,
          skipped: passedOver,
          closed,
        },
      });
      break;
    }
    case 'tallies':
      tell({ type: 'tallies', tallies: message.addresses.map((address) => tallies.get(address) ?? null) });
      break;
  }
}

function count({ value }: Sample, subject: string, skipped: number): void {
  received += 1;
  passedOver += skipped;
  const rate = subject.startsWith('sensor.archive.') ? 'archive' : 'normal';
  const address = subject.slice('sensor.'.length + rate.length + 1);
  let tally = tallies.get(address);
  if (tally === undefined) {
    tally = { archive: 0, normal: 0, last: 0, holes: 0, backward: 0, repeated: 0 };
    tallies.set(address, tally);
  }
  const number = value as number;
  tally[rate] += 1;
  if (number < tally.last) tally.backward += 1;
  else if (number === tally.last) tally.repeated += 1;
  else tally.holes += number - tally.last - 1;
  tally.last = Math.max(tally.last, number);
}

function tell(message: FromReader): void {
  process.send?.(message);
}
