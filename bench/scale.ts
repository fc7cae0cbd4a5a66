import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { historyDifferences, wrongLastValues, type LastValues } from './scale/comparison.ts';
import type { PublisherCounts, PublisherSetup } from './scale/publisher-messages.ts';
import type { ReaderTotals } from './scale/reader-messages.ts';
import { addCounts, ScaleSystem, type Reader } from './scale/system.ts';
import { BenchReport } from './support/bench-report.ts';
import { UsageSeries } from './support/usage-series.ts';

/*
 * As many sensors and messages as MeerKAT's whole control system ever expected, with everything on one machine, each daemon a process
 * of its own as in an observatory. Every value is a number that grows by one, so that a sample that is missing shows.
 *
 *   node bench/scale.ts [--quick] [--seconds N] [--phase archive|fill-ins|messages|publishers] [--sensors N] [--messages N]
 */

const PHASES = ['archive', 'fill-ins', 'messages', 'publishers'] as const;
type Phase = (typeof PHASES)[number];

/** What the issue of scale asks for; a smaller load shows on a smaller machine whether anything is lost. */
const FULL = { sensors: 200_000, messages: 50_000 };
/** Of the load of messages: each sensor ten times a second. */
const MESSAGES_OF_A_SENSOR = 10;
const PUBLISHERS = 2;
const COMPONENTS = 10;
const FLAT = 1.1;
/** In a shorter run the caches of nats-server are still filling, and a tooth of a heap may be longer than what is compared. */
const SHORTEST_FOR_MEMORY_SECONDS = 300;
const UNHARMED = 0.95;
const SETTLED_MS = 5_000;

const { values: words } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    seconds: { type: 'string' },
    phase: { type: 'string', multiple: true },
    sensors: { type: 'string' },
    messages: { type: 'string' },
  },
});
const seconds = Number(words.seconds ?? (words.quick === true ? 20 : 600));
const wanted = words.phase ?? PHASES;
const sensors = Number(words.sensors ?? FULL.sensors);
const messages = Number(words.messages ?? FULL.messages);
if (!(sensors >= 2_000 && messages >= 2_000)) throw new Error('--sensors and --messages are at least 2000');
if (!(seconds >= 10)) throw new Error('--seconds is at least 10');
for (const phase of wanted) {
  if (!(PHASES as readonly string[]).includes(phase))
    throw new Error(`--phase is one of ${PHASES.join(', ')}`);
}

const report = new BenchReport('scale');
const QUIET = { archiveIntervalSeconds: 10, normalIntervalSeconds: 0 };
const EVERYTHING = { archiveIntervalSeconds: 0, normalIntervalSeconds: 0 };

/** The load of a phase, shared out to publishers. */
function setups(
  servers: string,
  sensors: number,
  rest: Omit<PublisherSetup, 'servers' | 'name' | 'components' | 'sensors'>,
): PublisherSetup[] {
  return Array.from({ length: PUBLISHERS }, (_, number) => ({
    ...rest,
    servers,
    name: `scale${number}`,
    components: COMPONENTS,
    sensors: Math.round(sensors / PUBLISHERS / COMPONENTS),
  }));
}

const sensorLoad = (servers: string, otherEach: number) =>
  setups(servers, sensors, {
    rate: 1,
    sampling: QUIET,
    otherEach,
    otherSampling: { ...QUIET, normalIntervalSeconds: 1 },
  });
const messageLoad = (servers: string) =>
  setups(servers, messages / MESSAGES_OF_A_SENSOR, {
    rate: MESSAGES_OF_A_SENSOR,
    sampling: EVERYTHING,
    otherEach: 0,
    otherSampling: EVERYTHING,
  });

const LOADS: Readonly<Record<Exclude<Phase, 'publishers'>, (servers: string) => PublisherSetup[]>> = {
  archive: (servers) => sensorLoad(servers, 0),
  'fill-ins': (servers) => sensorLoad(servers, 100),
  messages: messageLoad,
};

for (const phase of wanted as Phase[]) {
  console.log(`${phase}: starting, ${new Date().toISOString()}`);
  const system = await ScaleSystem.start();
  try {
    if (phase === 'publishers') await publishersPhase(system);
    else await loadPhase(system, phase);
  } finally {
    await system.stop();
  }
}
await report.finish();

/** A load for the whole time, read by one session and the archiver, and what is missing afterwards. */
async function loadPhase(system: ScaleSystem, phase: Exclude<Phase, 'publishers'>): Promise<void> {
  const reader = await system.subscribe(['sensor.>']);
  for (const setup of LOADS[phase](system.nats.url)) await system.publish(setup);
  const expected = updatesASecond(system) * seconds;
  await system.archived(120_000);
  console.log(`${phase}: ${seconds} s from now on`);
  for (const publisher of system.publishers) publisher.tell({ type: 'run' });
  const usage = new UsageSeries(system.processes());
  await delay(seconds * 1_000);
  const usages = usage.finish();
  const atEnd = await system.counts();
  const lag = await system.storeMetric('katbus_store_lag_messages');
  report.add({
    metric: `${phase}: updates`,
    value: atEnd.updates / seconds,
    unit: '1/s',
    peer: { name: 'asked for', value: expected / seconds },
    bound: { atLeast: 0.98 },
  });
  report.add({
    metric: `${phase}: samples sent`,
    value: (atEnd.archive.sent + atEnd.normal.sent) / seconds,
    unit: '1/s',
  });
  report.add({ metric: `${phase}: archiver behind at the end`, value: lag, unit: 'messages' });
  for (const { name, cpuPercent, residentMib } of usages) {
    report.add({ metric: `${phase}: processor, ${name}`, value: cpuPercent, unit: '% of a core' });
    report.add({ metric: `${phase}: memory, ${name}`, value: residentMib, unit: 'MiB' });
  }
  for (const { name, growth } of usages) {
    report.add({
      metric: `${phase}: memory, highest towards the end to highest around 30 %, ${name}`,
      value: growth,
      unit: 'x',
      ...(seconds >= SHORTEST_FOR_MEMORY_SECONDS ? { bound: { atMost: FLAT } } : {}),
    });
  }
  await losses(system, reader, phase);
}

async function losses(
  system: ScaleSystem,
  reader: Reader,
  phase: Exclude<Phase, 'publishers'>,
): Promise<void> {
  const finished = await Promise.all(
    system.publishers.map((each) => each.ask({ type: 'finish' }, 'finished')),
  );
  const counts = addCounts(finished.map(({ counts }) => counts));
  const last: LastValues = new Map(
    finished.flatMap(({ last }, number) =>
      last.flatMap((values, component) =>
        values.map(
          (value, place) => [`${system.setups[number]!.name}_${component}.s${place}`, value] as const,
        ),
      ),
    ),
  );
  const totals = await settled(reader, counts);
  const zero = (metric: string, value: number, unit = 'samples') =>
    report.add({ metric: `${phase}: ${metric}`, value, unit, bound: { atMost: 0 } });
  zero('dropped by publishers', counts.archive.dropped + counts.normal.dropped);
  zero('not acknowledged', counts.archive.pending + counts.normal.pending);
  if (totals.closed !== '') console.log(`${phase}: the session ended: ${totals.closed}`);
  zero(
    'sent, and not received by the client',
    Math.max(0, counts.archive.sent + counts.normal.sent - totals.received),
  );
  zero('received out of order', totals.backward);
  if (phase !== 'fill-ins') zero('received twice', totals.repeated);
  zero('passed over by the portal', totals.skipped);
  zero('gaps that the client was told of', totals.gaps, 'gaps');
  // Where the throttle lets everything out no number may be missing.
  if (phase === 'messages') zero('numbers that are missing at the client', totals.holes);
  const isArchived = await system.archived(Math.max(60, seconds) * 1_000);
  zero(
    'behind after as long again',
    isArchived ? 0 : await system.storeMetric('katbus_store_lag_messages'),
    'messages',
  );
  zero('sensors with a wrong last value in the archive', await wrongLastValues(system, last), 'sensors');
  const { samples, differences } = await historyDifferences(system, last, async (addresses) => {
    const { tallies } = await reader.ask({ type: 'tallies', addresses }, 'tallies');
    return tallies;
  });
  report.add({ metric: `${phase}: samples compared one by one`, value: samples, unit: 'samples' });
  zero('in history and not received, or the other way', differences);
}

/** Resolves when the client has got all, or nothing comes any more. */
async function settled(reader: Reader, counts: PublisherCounts): Promise<ReaderTotals> {
  let { totals } = await reader.ask({ type: 'totals' }, 'totals');
  for (;;) {
    if (totals.received >= counts.archive.sent + counts.normal.sent) return totals;
    const before = totals.received;
    await delay(SETTLED_MS);
    ({ totals } = await reader.ask({ type: 'totals' }, 'totals'));
    if (totals.received === before) return totals;
  }
}

/** What publishers get through while portal and archiver work, stand still, and are gone. */
async function publishersPhase(system: ScaleSystem): Promise<void> {
  await system.subscribe(['sensor.>']);
  for (const setup of messageLoad(system.nats.url)) await system.publish(setup);
  for (const publisher of system.publishers) publisher.tell({ type: 'run' });
  const each = Math.max(10, Math.round(seconds / 5));
  const rate = async () => {
    await delay(2_000); // what the change itself does is not meant
    const before = await system.counts();
    const beganMs = performance.now();
    await delay(each * 1_000);
    const after = await system.counts();
    return (
      ((after.archive.acknowledged - before.archive.acknowledged) / (performance.now() - beganMs)) * 1_000
    );
  };
  const loaded = await rate();
  system.portal.signal('SIGSTOP');
  system.store.signal('SIGSTOP');
  const stopped = await rate();
  await system.portal.end('SIGKILL');
  await system.store.end('SIGKILL');
  const gone = await rate();
  const peer = { name: 'with both gone', value: gone };
  report.add({
    metric: 'publishers: acknowledged with portal and archiver at work',
    value: loaded,
    unit: '1/s',
    peer,
    bound: { atLeast: UNHARMED },
  });
  report.add({
    metric: 'publishers: acknowledged with both standing still',
    value: stopped,
    unit: '1/s',
    peer,
    bound: { atLeast: UNHARMED },
  });
  const { archive } = await system.counts();
  report.add({
    metric: 'publishers: dropped',
    value: archive.dropped,
    unit: 'samples',
    bound: { atMost: 0 },
  });
}

function updatesASecond({ setups }: ScaleSystem): number {
  return setups.reduce((sum, { components, sensors, rate }) => sum + components * sensors * rate, 0);
}
