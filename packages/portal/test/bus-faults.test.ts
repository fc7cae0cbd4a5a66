import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { BusConnection, setupStreams, STREAMS } from '@katbus/bus/nats';
import type { SampleNotification } from '@katbus/protocol';
import { describe, expect, test } from 'vitest';
import { NATS_SERVER_DEFAULTS, startNatsServer, type RunningNatsServer } from '@katbus/cli/nats-server';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { PortalProcess } from './support/portal-process.ts';
import { TestClient } from './support/test-client.ts';
import { TestPortal } from './support/test-portal.ts';

const NATS_LOST = 'the portal had lost NATS';
const numberOf = ({ sample }: SampleNotification) => Number(String(sample.value).split(' ', 1)[0]);
const snapshotValues = (client: TestClient, place: number) =>
  client.of('snapshot')[place]?.samples.map(({ sample }) => sample.value);

/** The same server again, on its port and its store. */
async function startAgain(server: RunningNatsServer, storeDirectory: string): Promise<RunningNatsServer> {
  return startNatsServer({
    storeDirectory,
    port: server.port,
    monitoringPort: Number(new URL(server.monitoringUrl).port),
  });
}

describe('a portal', () => {
  test('that stalls until nats-server cuts it off as a slow consumer goes on by itself: gap, snapshots, live', async () => {
    await using folder = await temporaryFolder('slow-consumer');
    const configFile = join(folder.path, 'small.conf');
    const lines = [
      await readFile(NATS_SERVER_DEFAULTS.configFile, 'utf8'),
      'max_pending: 1MB',
      'write_deadline: "1s"',
    ];
    await writeFile(configFile, `${lines.join('\n')}\n`);
    const log: string[] = [];
    const nats = await startNatsServer({
      storeDirectory: join(folder.path, 'store'),
      configFile,
      port: 0,
      monitoringPort: 0,
      onLogLine: (line) => log.push(line),
    });
    try {
      const bus = await BusConnection.connect({ servers: nats.url, name: 'test' });
      await setupStreams(bus);
      const portal = await PortalProcess.start(nats.url, ['--store-timeout-ms', '50']);
      const client = await TestClient.connect(portal.url);
      await client.request('subscribe', { subjects: ['sensor.normal.wx.*'], mode: 'all' });
      const padding = 'x'.repeat(1_000);
      let published = 0;
      const publish = () => {
        for (let i = 0; i < 100; i += 1, published += 1) {
          const time = Date.now() / 1000 + published / 1e6;
          const value = `${published} ${padding}`;
          const sample = { name: 'wx_a', time, value_ts: time, status: 'nominal', value };
          bus.publish('sensor.normal.wx.a', JSON.stringify(sample));
        }
        return bus.flush();
      };
      await publish();
      await client.until('sample', (all) => all.length === published, 'the first samples');
      const stalledFrom = Date.now() / 1000;
      portal.signal('SIGSTOP');
      const isCut = () => log.some((line) => /slow consumer/i.test(line));
      while (!isCut()) {
        await publish();
        await delay(5);
      }
      portal.signal('SIGCONT');
      const [gap] = await client.until('gap', (all) => all.length > 0, 'the gap', 20_000);
      expect(gap?.reason).toBe(NATS_LOST);
      expect(gap?.from).toBeLessThanOrEqual(stalledFrom + 0.1);
      expect(gap?.from).toBeGreaterThan(stalledFrom - 5);
      expect(gap?.to).toBeGreaterThan(gap?.from ?? Infinity);
      const pages = await client.until('snapshot', (all) => all.length === 2, 'the snapshot', 20_000);
      const [current] = pages[1]?.samples.map(numberOf) ?? [];
      expect(current).toBe(published - 1);
      await publish();
      await client.until('sample', (all) => numberOf(all.at(-1)!) === published - 1, 'the last sample');
      // Before the cut and after it nothing is missing, nothing is doubled: the hole is the one that was told.
      const numbers = client.of('sample').map(numberOf);
      const steps = numbers.slice(1).map((number, place) => number - (numbers[place] ?? NaN));
      expect(steps.every((step) => step >= 1)).toBe(true);
      expect(steps.filter((step) => step > 1)).toHaveLength(1);
      await client.close();
      await bus.close();
    } finally {
      await nats.stop();
    }
  }, 120_000);

  test('gets again what a component had sent when nats-server cut it off, and passes it on once', async () => {
    await using folder = await temporaryFolder('cut-off');
    const configFile = join(folder.path, 'impatient.conf');
    const plain = await readFile(NATS_SERVER_DEFAULTS.configFile, 'utf8');
    await writeFile(configFile, `${plain}\nping_interval: "2s"\nping_max: 2\n`);
    const nats = await startNatsServer({
      storeDirectory: join(folder.path, 'store'),
      configFile,
      port: 0,
      monitoringPort: 0,
    });
    const script = new URL('./support/counting-component.ts', import.meta.url).pathname;
    let component: ChildProcess | undefined;
    try {
      const bus = await BusConnection.connect({ servers: nats.url, name: 'test' });
      await setupStreams(bus);
      const portal = await PortalProcess.start(nats.url, ['--store-timeout-ms', '50']);
      const client = await TestClient.connect(portal.url);
      await client.request('subscribe', { subjects: ['sensor.*.counter.n'], snapshot: false, mode: 'all' });
      component = fork(script, [nats.url, '20']);
      await once(component, 'message');
      await client.until('sample', (all) => all.length > 200, 'samples');
      component.kill('SIGSTOP');
      const isCut = async () => {
        const answer = await fetch(`${nats.monitoringUrl}/connz?state=closed`);
        const { connections } = (await answer.json()) as {
          connections: { name?: string; reason?: string }[];
        };
        return connections.some(({ name, reason }) => name === 'counter' && reason === 'Stale Connection');
      };
      await waitFor(isCut, { what: 'nats-server to give it up', timeoutMs: 30_000 });
      component.kill('SIGCONT');
      const reached = client.of('sample').length;
      await client.until('sample', (all) => all.length > reached + 500, 'samples after the cut', 30_000);
      component.send('stop');
      const [ended] = (await once(component, 'message')) as [{ count: number; isAcknowledged: boolean }];
      expect(ended.isAcknowledged).toBe(true);
      const samples = await client.until('sample', (all) => all.length >= ended.count, 'all samples', 30_000);
      expect(samples.map(({ sample }) => sample.value)).toEqual(
        Array.from({ length: ended.count }, (_, i) => i),
      );
      expect(client.of('gap')).toEqual([]);
      await client.close();
      await bus.close();
    } finally {
      component?.kill('SIGKILL');
      await nats.stop();
    }
  }, 120_000);

  test('whose nats-server comes back with a store that is 8 s older, or with none at all, tells of the gap and goes on', async () => {
    const portal = await TestPortal.start({ limits: { storeTimeoutMs: 50, joinRetryMs: 200 } });
    await using folder = await temporaryFolder('older-store');
    const store = join(folder.path, 'store');
    const backup = join(folder.path, 'backup');
    let nats: RunningNatsServer | undefined;
    try {
      const { storeDirectory } = portal.nats;
      for (let value = 1; value <= 20; value += 1) await portal.store('old', value);
      await portal.store('a', 1);
      const client = await portal.client();
      await client.request('subscribe', { subjects: ['sensor.archive.wx.*'] });
      await client.request('subscribe', { subjects: ['sensor.archive.wx.a'], strategy: { name: 'event' } });
      await client.until('snapshot', (all) => all.length === 2, 'the snapshots');
      // What is in the store now is what comes back later.
      process.kill(portal.nats.pid, 'SIGSTOP');
      await cp(storeDirectory, backup, { recursive: true });
      process.kill(portal.nats.pid, 'SIGCONT');
      for (let value = 2; value <= 10; value += 1) await portal.store('a', value);
      await client.until('sample', (all) => all.length === 9, 'what was published after the copy');
      const server = portal.nats;
      await portal.nats.kill();
      nats = await startAgain(server, backup);
      await client.until('gap', (all) => all.length === 1, 'the gap', 20_000);
      await client.until('snapshot', (all) => all.length === 4, 'the snapshots again', 20_000);
      // The stream is older than what came live: the snapshot says so by its time, and a strategy knows better.
      const bySubscription = Map.groupBy(client.of('snapshot').slice(2), ({ id }) => id);
      expect(
        bySubscription
          .get(1)?.[0]
          ?.samples.map(({ sample }) => sample.value)
          .sort(),
      ).toEqual([1, 20]);
      expect(bySubscription.get(2)?.[0]?.samples.map(({ sample }) => sample.value)).toEqual([10]);
      await waitFor(() => portal.bus.connected, { what: 'the test to be connected again' });
      // Sequences of the stream are used again: nothing in the portal goes by them.
      for (let value = 11; value <= 13; value += 1) await portal.store('a', value);
      await client.until('sample', (all) => all.length === 12, 'live samples');
      expect(client.of('sample').map(({ sample }) => sample.value)).toEqual([
        2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
      ]);

      await nats.kill();
      await rm(backup, { recursive: true });
      await mkdir(store);
      nats = await startAgain(server, store);
      await client.until('gap', (all) => all.length === 2, 'the second gap', 20_000);
      expect(client.of('gap').map(({ reason }) => reason)).toEqual([NATS_LOST, NATS_LOST]);
      await waitFor(() => portal.bus.connected, { what: 'the test to be connected again' });
      const before = client.of('snapshot').length;
      await setupStreams(portal.bus);
      await portal.store('a', 14);
      await client.until(
        'snapshot',
        (all) => all.slice(before).some(({ samples }) => samples.some(({ sample }) => sample.value === 14)),
        'a whole snapshot as soon as there are streams',
        20_000,
      );
      await client.until('sample', (all) => all.length === 13, 'a live sample');
      expect(await portal.metric('gaps_total{reason="natsLost"}')).toBe(2);
    } finally {
      await portal.stop();
      await nats?.stop();
    }
  }, 120_000);

  test('whose streams are purged goes on live, and its snapshots have what there is', async () => {
    const portal = await TestPortal.start({ limits: { storeTimeoutMs: 50 } });
    try {
      await portal.store('a', 1);
      await portal.store('b', 1);
      const early = await portal.client();
      await early.request('subscribe', { subjects: ['sensor.archive.wx.*'] });
      for (const stream of [STREAMS.archive, STREAMS.live])
        await portal.bus.request(`$JS.API.STREAM.PURGE.${stream}`, '{}');
      await portal.store('a', 2);
      await early.until('sample', (all) => all.length === 1, 'a live sample');
      const late = await portal.client();
      await late.request('subscribe', { subjects: ['sensor.archive.wx.*'] });
      await late.until('snapshot', (all) => all.length === 1, 'the snapshot');
      expect(snapshotValues(late, 0)).toEqual([2]);
      expect(late.of('snapshot')[0]?.incomplete).toBeUndefined();
      expect(early.of('gap')).toEqual([]);
    } finally {
      await portal.stop();
    }
  }, 60_000);
});
