import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BusConnection, KvBucket } from '@katbus/bus/nats';
import { POLICY_BUCKET, THROTTLE_POLICY_KEY, type PolicyRule } from '@katbus/protocol';
import { KatbusUp } from '../test/support/katbus-up.ts';
import { BenchReport } from './support/bench-report.ts';
import type { ReceiverResult } from './latency/latencies.ts';
import type { PublisherResult } from './latency/publisher.ts';

/*
 * From a component's broker to a portal client's listener: 5,000 sensors at 1 Hz, all daemons of `katbus up` on the machine, each in its process, as
 * are publisher and client. At the same time a program that listens on NATS itself: the difference is the portal, the websocket and the client.
 *
 * `--quick`: 10 s instead of 60.
 */
const SECONDS = process.argv.includes('--quick') ? 10 : 60;
const WARM_UP_SECONDS = 5;
const SENSORS = 5_000;
const COMPONENT = 'bench';
const PARTS = join(import.meta.dirname, 'latency');
const PERCENTILES = [
  ['p50', 'p50'],
  ['p99', 'p99'],
  ['p99.9', 'p999'],
] as const;

const report = new BenchReport('latency');
const up = await KatbusUp.run({ words: ['--ports-from', '0', '--no-telescope'] });
const children: ChildProcess[] = [];
try {
  await applyPolicy(up.natsUrl);
  const websocketUrl = `${up.portalUrl.replace('http', 'ws').replace(/\/$/, '')}/ws`;
  const publisher = await part('publisher.ts', up.natsUrl, COMPONENT, SENSORS, WARM_UP_SECONDS + SECONDS);
  const client = await part('portal-receiver.ts', websocketUrl, COMPONENT, WARM_UP_SECONDS);
  const peer = await part('nats-receiver.ts', up.natsUrl, COMPONENT, WARM_UP_SECONDS);

  const published = (await ask(publisher, 'begin')) as PublisherResult;
  await receivedAll([client, peer], published.sent);
  const atClient = (await ask(client, 'end')) as ReceiverResult;
  const atPeer = (await ask(peer, 'end')) as ReceiverResult;

  for (const [title, name] of PERCENTILES) {
    report.add({
      metric: `publish to client, ${title}`,
      value: atClient[name],
      unit: 'ms',
      peer: { name: 'bare NATS subscriber', value: atPeer[name] },
    });
  }
  report.add({
    metric: 'publish to client, p99, absolute',
    value: atClient.p99,
    unit: 'ms',
    bound: { atMost: 20 },
  });
  report.add({ metric: 'publish to client, most', value: atClient.most, unit: 'ms' });
  report.add({ metric: 'rate', value: atClient.measured / SECONDS, unit: 'samples/s' });
  report.add({ metric: 'samples sent', value: published.sent, unit: 'samples' });
  const lost = published.sent - atClient.received;
  report.add({
    metric: 'samples that the client did not get',
    value: lost,
    unit: 'samples',
    bound: { atMost: 0 },
  });
  report.add({ metric: 'updates made more than 20 ms late', value: published.late, unit: 'updates' });
  for (const fault of atClient.faults.slice(0, 10)) console.log(`the client was told: ${fault}`);
} finally {
  for (const child of children) child.kill('SIGKILL');
  await up.stop();
}
await report.finish();

/** As an observatory has it: many rules, of which the last one lets every update of the benchmark's sensors out: one in ten is archived. */
async function applyPolicy(natsUrl: string): Promise<void> {
  const others = Array.from({ length: 199 }, (_, n): PolicyRule => ({
    match: `m${n}.{ap,rsc}.*`,
    archiveIntervalSeconds: n,
  }));
  const mine = { match: `${COMPONENT}.*`, archiveIntervalSeconds: 10, normalIntervalSeconds: 0.5 };
  const connection = await BusConnection.connect({ servers: natsUrl, name: 'bench_policy' });
  const bucket = await KvBucket.open(connection, POLICY_BUCKET);
  await bucket.put(THROTTLE_POLICY_KEY, JSON.stringify([...others, mine]));
  await connection.close();
}

/** One process of the benchmark, ready for its work. */
async function part(file: string, ...words: readonly (string | number)[]): Promise<ChildProcess> {
  const child = fork(join(PARTS, file), words.map(String));
  children.push(child);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${file} ended before it was ready`);
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => undefined);
  return child;
}

async function ask(child: ChildProcess, request: string): Promise<unknown> {
  const answer = once(child, 'message');
  child.send(request);
  return ((await answer) as unknown[])[0];
}

/** Waits until what is on its way has come; what is lost never comes. */
async function receivedAll(receivers: readonly ChildProcess[], sent: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const counts = await Promise.all(receivers.map((receiver) => ask(receiver, 'count')));
    if (counts.every((count) => Number(count) >= sent)) return;
    await delay(100);
  }
}
