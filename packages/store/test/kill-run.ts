import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import type { TestNats } from '../../../test/support/test-nats.ts';
import { SteadyPublisher, type SteadyRate } from './steady-publisher.ts';
import {
  everythingStored,
  fullHistory,
  publishStored,
  testConnection,
  testFolder,
  testNats,
} from './store-fixture.ts';
import { StoreProcess } from './store-process.ts';

/**
 * - `archiver`: kill -9 at a random moment;
 * - `archiver between commit and acknowledgement`: it kills itself exactly there;
 * - `nats-server`: kill -9 at a random moment, and started again.
 */
export type Victim = 'archiver' | 'archiver between commit and acknowledgement' | 'nats-server';

/** Kills one after the other under a steady load; then what was acknowledged to the publisher is compared with the history, sample by sample. */
export async function killRun(
  victims: readonly Victim[],
  rate: SteadyRate,
  mostPauseMs: number,
): Promise<string> {
  let nats = await testNats();
  const connection = await testConnection(nats);
  const directory = await testFolder();
  for (const place of [3, 10, 17]) {
    // Floats, so that their NaN is stored as a number.
    const name = `dsh${place % 4}_sensor_${place}`;
    await publishStored(connection, `attributes.dsh${place % 4}`, JSON.stringify({ name, type: 'float' }));
  }
  const publisher = new SteadyPublisher(connection, rate);
  let redelivered = 0;
  let store = await startedFor(victims[0], nats, directory);
  for (const [place, victim] of victims.entries()) {
    if (victim === 'archiver between commit and acknowledgement') {
      await waitFor(() => !store.isRunning, { what: `it kills itself (${store.output})`, timeoutMs: 60_000 });
    } else {
      await waitFor(async () => (await store.metric('samples_total')) > 0, {
        what: `the archiver stores (${store.output})`,
        timeoutMs: 60_000,
      });
      await delay(Math.random() * mostPauseMs);
      redelivered += await store.metric('redelivered_total').catch(() => 0);
      if (victim === 'nats-server') nats = await restarted(nats);
      else await store.end('SIGKILL');
    }
    // One that is to kill itself is another program.
    const next = victims[place + 1];
    if (store.isRunning && next !== 'archiver between commit and acknowledgement') continue;
    if (store.isRunning) await store.end('SIGKILL');
    store = await startedFor(next, nats, directory);
  }
  await publisher.stop();
  await waitFor(() => everythingStored(connection), { what: 'everything is stored', timeoutMs: 120_000 });
  for (const [address, published] of publisher.published) {
    expect(await fullHistory(connection, { ...address, limit: 10_000 })).toEqual(published);
  }
  expect(await store.metric('quarantine_messages')).toBe(0);
  expect(await store.metric('gaps_total')).toBe(0);
  expect(await store.end('SIGTERM')).toBe(0);
  return `${publisher.count} samples, ${victims.length} kills, ${redelivered} redelivered, 0 lost, 0 doubled`;
}

async function restarted(nats: TestNats): Promise<TestNats> {
  const next = await nats.restart();
  onTestFinished(async () => {
    await next.kill();
  });
  return next;
}

function startedFor(next: Victim | undefined, nats: TestNats, directory: string): Promise<StoreProcess> {
  const script =
    next === 'archiver between commit and acknowledgement' ? './dying-store-main.ts' : './store-main.ts';
  return StoreProcess.start(nats.url, directory, [], script);
}
