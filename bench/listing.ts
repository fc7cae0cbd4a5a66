import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PortalClient } from '@katbus/client';
import { ScaleSystem } from './scale/system.ts';
import { BenchReport } from './support/bench-report.ts';
import { median } from './support/median.ts';

/*
 * How long the portal's loop is held up by a listing of very many sensors: while one turn lasts, no sample reaches any session.
 *
 *   node bench/listing.ts [--sensors N]
 */

const TRIES = 5;
const PUBLISHERS = 2;
const COMPONENTS = 10;
const MOST_TURN_MS = 10;
const NAMES = 500;
const IDLE_MS = 3_000;

const { values: words } = parseArgs({ options: { sensors: { type: 'string' } } });
const sensors = Number(words.sensors ?? 200_000);
if (!(sensors >= 2_000)) throw new Error('--sensors is at least 2000');

const escaped = Array.from({ length: NAMES }, (_, place) => `listed0_0_s${place}`);
const FILTERS: Readonly<Record<string, string | undefined>> = {
  'no filter': undefined,
  'a regular expression': '_s[0-9]*7$',
  [`${NAMES} names`]: `^(?:${escaped.join('|')})$`,
  'a look-ahead': '^(?!listed0).*_s1[0-9]*$',
};

const report = new BenchReport('listing');
const system = await ScaleSystem.start(
  ['--list-bytes', String(1024 ** 3)],
  new URL('./listing/loop-watch.ts', import.meta.url),
);
try {
  for (let number = 0; number < PUBLISHERS; number += 1) {
    await system.publish({
      servers: system.nats.url,
      name: `listed${number}`,
      components: COMPONENTS,
      sensors: Math.round(sensors / PUBLISHERS / COMPONENTS),
      rate: 1,
      sampling: {},
      otherEach: 0,
      otherSampling: {},
    });
  }
  await system.archived(120_000);
  const client = new PortalClient({ url: `${system.portalUrl.replace('http', 'ws')}/ws`, quietMs: 0 });
  const idleMs = median(await tries(() => delay(IDLE_MS)));
  for (const [name, filter] of Object.entries(FILTERS)) {
    let found = 0;
    const began = performance.now();
    const turns = await tries(async () => {
      const listing = await client.list(filter === undefined ? {} : { filter });
      found = listing.sensors.length;
    });
    report.add({
      metric: `${name}: listing`,
      value: (performance.now() - began) / TRIES / 1000,
      unit: 's',
    });
    report.add({ metric: `${name}: sensors found`, value: found, unit: 'sensors' });
    report.add({
      metric: `${name}: longest turn of the portal's loop`,
      value: median(turns),
      unit: 'ms',
      bound: { atMost: MOST_TURN_MS },
    });
    report.add({ metric: `${name}: the worst of ${TRIES}`, value: Math.max(...turns), unit: 'ms' });
  }
  report.add({ metric: 'nobody lists: longest turn', value: idleMs, unit: 'ms' });
  client.close();
} finally {
  await system.stop();
}
await report.finish();

/** Longest turns, ms. */
async function tries(act: () => Promise<void>): Promise<number[]> {
  const longest: number[] = [];
  for (let count = 0; count < TRIES; count += 1) {
    await system.portal.ask({ type: 'turns' }, 'turns');
    await act();
    const { longestMs } = await system.portal.ask({ type: 'turns' }, 'turns');
    longest.push(longestMs);
  }
  return longest;
}
