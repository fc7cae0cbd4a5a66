import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { PortalClient } from '@katbus/client';
import { ScaleSystem } from './scale/system.ts';
import { RawLister } from './listing/raw-lister.ts';
import type { FromSubscriber, ToSubscriber } from './listing/subscriber-messages.ts';
import { BenchReport } from './support/bench-report.ts';
import { Child } from './support/child.ts';
import { median } from './support/median.ts';
import { cpuSeconds, residentBytes } from './support/process-usage.ts';

/*
 * How long the portal's loop is held up by a listing of very many sensors, for while one turn lasts, no sample reaches any session; what a subscriber to
 * 5,000 samples/s has of it; and what the portal's memory does when one lists, twenty list at once, one reads slowly, and one leaves in the middle.
 *
 *   node bench/listing.ts [--sensors N] [--turns-only]
 */

const TRIES = 5;
const PUBLISHERS = 2;
const COMPONENTS = 10;
const MOST_TURN_MS = 10;
const NAMES = 500;
const IDLE_MS = 3_000;
const LIVE_SENSORS = 5_000;
const LIVE_MS = 20_000;
/** What a person who watches does not see. The listings come one upon the other: the two cores have no moment to themselves. */
const MOST_P99_MS = 100;
const AT_ONCE = 20;
const SLOW_BYTES_PER_SECOND = 4e6;
const SLOW_MS = 10_000;
const MIB = 1024 ** 2;

const { values: words } = parseArgs({
  options: {
    sensors: { type: 'string' },
    'turns-only': { type: 'boolean' },
  },
});
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
const websocketUrl = `${system.portalUrl.replace('http', 'ws')}/ws`;
const port = Number(new URL(system.portalUrl).port);
try {
  const before = residentBytes(system.portal.pid);
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
  const announced = residentBytes(system.portal.pid);
  await longestTurns();
  memory('started', before);
  memory('its sensors announced, none listed', announced);
  memory(`listed ${TRIES * Object.keys(FILTERS).length} times`, residentBytes(system.portal.pid));
  if (words['turns-only'] !== true) {
    await whileOthersSubscribe();
    await atOnce();
    await slowly();
  }
} finally {
  await system.stop();
}
await report.finish();

/** One lists, and nothing else is done. */
async function longestTurns(): Promise<void> {
  const client = new PortalClient({ url: websocketUrl, quietMs: 0, requestTimeoutMs: 60_000 });
  const idle = await tries(() => delay(IDLE_MS));
  for (const [name, filter] of Object.entries(FILTERS)) {
    console.log(`listing: ${name}`);
    let found = 0;
    const began = performance.now();
    const cpuBegan = cpuSeconds(system.portal.pid);
    const turns = await tries(async () => {
      const listing = await client.list(filter === undefined ? {} : { filter });
      found = listing.sensors.length;
    });
    const add = (metric: string, value: number, unit: string) =>
      report.add({ metric: `${name}: ${metric}`, value, unit });
    add('listing', (performance.now() - began) / TRIES / 1000, 's');
    add("the portal's processor time", (cpuSeconds(system.portal.pid) - cpuBegan) / TRIES, 's');
    add('sensors found', found, 'sensors');
    turnRows(name, turns);
  }
  turnRows('nobody lists', idle);
  client.close();
}

/** A subscriber gets 5,000 samples/s while one session lists all, again and again. */
async function whileOthersSubscribe(): Promise<void> {
  await system.publish({
    servers: system.nats.url,
    name: 'live',
    components: 1,
    sensors: LIVE_SENSORS,
    rate: 1,
    sampling: { archiveIntervalSeconds: 10, normalIntervalSeconds: 0.5 },
    otherEach: 0,
    otherSampling: {},
  });
  const subscriber = new Child<ToSubscriber, FromSubscriber>(
    new URL('./listing/subscriber.ts', import.meta.url),
  );
  try {
    await subscriber.ask(
      { type: 'subscribe', url: websocketUrl, subjects: ['sensor.*.live_0.*'] },
      'subscribed',
    );
    system.publishers.at(-1)?.tell({ type: 'run' });
    await delay(IDLE_MS);
    const alone = await latenciesWhile(subscriber, () => delay(LIVE_MS));
    let listings = 0;
    const listed = await latenciesWhile(subscriber, async () => {
      for (const end = performance.now() + LIVE_MS; performance.now() < end; listings += 1)
        await RawLister.list(port);
    });
    report.add({
      metric: 'a subscriber to 5,000 samples/s while one lists, p99',
      value: listed.p99,
      unit: 'ms',
      bound: { atMost: MOST_P99_MS },
    });
    report.add({ metric: 'the same while nobody lists', value: alone.p99, unit: 'ms' });
    report.add({ metric: 'the same while one lists, p50', value: listed.p50, unit: 'ms' });
    report.add({ metric: 'the same while one lists, most', value: listed.most, unit: 'ms' });
    report.add({ metric: 'listings meanwhile', value: listings, unit: 'listings' });
    report.add({ metric: 'its samples', value: listed.received / (LIVE_MS / 1000), unit: 'samples/s' });
    report.add({
      metric: 'what it was told of samples that are missing',
      value: listed.faults.length,
      unit: 'notices',
      bound: { atMost: 0 },
    });
  } finally {
    await subscriber.end('SIGKILL');
    await system.publishers.pop()?.end('SIGKILL');
  }
}

/** Twenty sessions ask at the same moment. */
async function atOnce(): Promise<void> {
  console.log(`${AT_ONCE} list at once`);
  const one = (await RawLister.list(port))!;
  const watch = watchPortal();
  const began = performance.now();
  await system.portal.ask({ type: 'turns' }, 'turns');
  const all = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      const listing = await RawLister.list(port);
      return { listing, seconds: (performance.now() - began) / 1000 };
    }),
  );
  const turns = await system.portal.ask({ type: 'turns' }, 'turns');
  const seconds = all.map((each) => each.seconds);
  const { mostResident, mostHeld } = await watch.end();
  report.add({
    metric: `${AT_ONCE} list at once: answers that differ from that of one`,
    value: all.filter(({ listing }) => listing?.digest !== one.digest).length,
    unit: 'answers',
    bound: { atMost: 0 },
  });
  report.add({ metric: 'text of an answer', value: one.bytes / MIB, unit: 'MiB' });
  report.add({ metric: 'the first has its answer after', value: Math.min(...seconds), unit: 's' });
  report.add({ metric: 'the last has its answer after', value: Math.max(...seconds), unit: 's' });
  report.add({ metric: `${AT_ONCE} list at once: longest turn`, value: turns.longestMs, unit: 'ms' });
  report.add({
    metric: `${AT_ONCE} list at once: longest turn, processor time`,
    value: turns.longestCpuMs,
    unit: 'ms',
    bound: { atMost: MOST_TURN_MS },
  });
  report.add({
    metric: `${AT_ONCE} list at once: held for listings, at most`,
    value: mostHeld,
    unit: 'MiB',
  });
  memory(`${AT_ONCE} list at once, at most`, mostResident * MIB);
}

/** One reads slowly, one leaves in the middle; then nothing of them is left. */
async function slowly(): Promise<void> {
  console.log('one reads slowly');
  const watch = watchPortal();
  const leaveAfterBytes = (SLOW_BYTES_PER_SECOND * SLOW_MS) / 1000;
  await Promise.all([
    RawLister.list(port, { bytesPerSecond: SLOW_BYTES_PER_SECOND, leaveAfterBytes }),
    RawLister.list(port, { leaveAfterBytes: 1e6 }),
  ]);
  const { mostResident } = await watch.end();
  memory('one reads slowly, at most', mostResident * MIB);
  await delay(500);
  report.add({
    metric: 'held for listings when they have left',
    value: await heldMib(),
    unit: 'MiB',
    bound: { atMost: 0 },
  });
}

interface Turns {
  readonly byClockMs: number;
  readonly cpuMs: number;
}

async function tries(act: () => Promise<void>): Promise<Turns[]> {
  const longest: Turns[] = [];
  for (let count = 0; count < TRIES; count += 1) {
    await system.portal.ask({ type: 'turns' }, 'turns');
    await act();
    const { longestMs, longestCpuMs } = await system.portal.ask({ type: 'turns' }, 'turns');
    longest.push({ byClockMs: longestMs, cpuMs: longestCpuMs });
  }
  return longest;
}

/**
 * Bounded is what the loop's thread works in a turn. By the clock a turn is longer on two cores: while all components answer, nats-server forwards and the
 * lister reads, they are as many as take the core away from the loop in the midst of a turn (one that works 7 ms takes 19, also when V8 collects in one
 * thread, so it is not the collector's helpers that are waited for).
 */
function turnRows(name: string, turns: readonly Turns[]): void {
  const byClock = turns.map(({ byClockMs }) => byClockMs);
  report.add({
    metric: `${name}: longest turn of the portal's loop, processor time`,
    value: median(turns.map(({ cpuMs }) => cpuMs)),
    unit: 'ms',
    bound: { atMost: MOST_TURN_MS },
  });
  report.add({ metric: `${name}: longest turn by the clock`, value: median(byClock), unit: 'ms' });
  report.add({
    metric: `${name}: the worst of ${TRIES} by the clock`,
    value: Math.max(...byClock),
    unit: 'ms',
  });
}

async function latenciesWhile(subscriber: Child<ToSubscriber, FromSubscriber>, act: () => Promise<unknown>) {
  await subscriber.ask({ type: 'begin' }, 'begun');
  await act();
  return (await subscriber.ask({ type: 'end' }, 'latencies')).latencies;
}

function memory(when: string, bytes: number): void {
  report.add({ metric: `the portal's memory, ${when}`, value: bytes / MIB, unit: 'MiB' });
}

/** The portal's memory, and what it holds for listings, looked at while something is done; MiB. */
function watchPortal() {
  const resident: number[] = [];
  const held: number[] = [];
  const timer = setInterval(() => {
    try {
      resident.push(residentBytes(system.portal.pid) / MIB);
    } catch {
      // The bench is failing, and says why itself.
      clearInterval(timer);
    }
    heldMib().then(
      (mib) => held.push(mib),
      () => undefined,
    );
  }, 50);
  return {
    end: async () => {
      clearInterval(timer);
      held.push(await heldMib());
      return { mostResident: Math.max(0, ...resident), mostHeld: Math.max(...held) };
    },
  };
}

async function heldMib(): Promise<number> {
  const text = await (await fetch(`${system.portalUrl}/metrics`)).text();
  return Number(/^katbus_portal_listings_bytes (\S+)$/m.exec(text)?.[1] ?? NaN) / MIB;
}
