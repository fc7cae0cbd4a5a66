import { PortalClient } from '@katbus/client';
import type { BinsParams } from '@katbus/protocol';

/** What the benchmark tells its client: the address of a portal's websocket is its argument. */
export interface Question {
  readonly params: Omit<BinsParams, 'after' | 'sensors'>;
  readonly sensors: readonly string[];
  /** How many questions at once: each for a share of the sensors. */
  readonly lanes: number;
}

export interface Reading {
  readonly type: 'reading';
  readonly milliseconds: number;
  readonly firstMilliseconds: number;
  readonly bins: number;
  readonly samples: number;
  readonly pages: number;
}

const client = new PortalClient({ url: process.argv[2]!, requestTimeoutMs: 120_000 });
await client.info();
process.on('message', (question: Question) => {
  void read(question).then((reading) => process.send?.(reading));
});
process.send?.({ type: 'ready' });

async function read({ params, sensors, lanes }: Question): Promise<Reading> {
  const startedMs = performance.now();
  let firstMs = 0;
  let bins = 0;
  let samples = 0;
  let pages = 0;
  const share = Math.ceil(sensors.length / lanes);
  const lane = async (from: number) => {
    for await (const { series } of client.binsAll({
      ...params,
      sensors: sensors.slice(from, from + share),
    })) {
      firstMs ||= performance.now();
      pages += 1;
      for (const { bin, count = [] } of series) {
        bins += bin.length;
        for (const each of count) samples += each;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, place) => lane(place * share)));
  return {
    type: 'reading',
    milliseconds: performance.now() - startedMs,
    firstMilliseconds: firstMs - startedMs,
    bins,
    samples,
    pages,
  };
}
