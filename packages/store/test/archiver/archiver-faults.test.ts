import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BusConnection } from '@katbus/bus/nats';
import { toSeconds, wallClockUs } from '@katbus/protocol';
import { SqliteBackend } from '../../src/backend/sqlite/sqlite-backend.ts';
import type { GapRow } from '../../src/backend/write-batch.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { ManagedNats } from '../managed-nats.ts';
import {
  everythingStored,
  fullHistory,
  metric,
  publishSample,
  storeStatus,
  testConnection,
  testFolder,
  testStore,
  WIND,
} from '../store-fixture.ts';

/** Publishes numbered samples; their values are the numbers. */
async function publishNumbers(connection: BusConnection, from: number, to: number): Promise<void> {
  for (let value = from; value <= to; value++) await publishSample(connection, { value });
}

const numbers = async (connection: BusConnection) =>
  (await fullHistory(connection, WIND)).map(({ value }) => value);

const upTo = (last: number) => Array.from({ length: last }, (_, place) => place + 1);

async function gapsIn(directory: string): Promise<GapRow[]> {
  const backend = await SqliteBackend.open({ directory });
  try {
    return await backend.gaps();
  } finally {
    await backend.close();
  }
}

/** The server's own record of the archiver's place. */
async function consumerOf(nats: ManagedNats) {
  const response = await fetch(`${nats.monitoringUrl}/jsz?consumers=true`);
  const { account_details } = (await response.json()) as {
    account_details?: {
      stream_detail: {
        name: string;
        consumer_detail?: { ack_floor: { stream_seq: number }; delivered: { stream_seq: number } }[];
      }[];
    }[];
  };
  const streams = account_details?.flatMap((account) => account.stream_detail) ?? [];
  const consumer = streams.find(({ name }) => name === 'ARCHIVE')?.consumer_detail?.[0];
  return { acknowledged: consumer?.ack_floor.stream_seq, delivered: consumer?.delivered.stream_seq };
}

describe('when the store fails', () => {
  test('nothing is acknowledged, publishers go on, it says so once, and all is stored when it works again', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const store = await testStore(nats, { backend: 'sqlite', directory });
    await waitFor(() => store.readiness() === undefined, { what: 'the store is ready' });
    // A folder in the place of the day's file: whoever runs as root is stopped by it too.
    const now = new Date(wallClockUs() / 1000);
    const inTheWay = [now, new Date(now.getTime() + 86_400_000)].map((day) =>
      join(directory, 'days', `${day.toISOString().slice(0, 10)}.db`),
    );
    for (const path of inTheWay) await mkdir(path);
    await publishNumbers(connection, 1, 5);
    await waitFor(() => store.readiness()?.includes('cannot be opened'), { what: 'the reason' });
    await publishNumbers(connection, 6, 20);
    const failed = await storeStatus(connection);
    expect(failed).toMatchObject({ state: 'store-failing', samplesWritten: 0, through: 0, lagMessages: 20 });
    expect((await consumerOf(nats)).acknowledged).toBe(0);
    await waitFor(async () => (await metric(store.registry, 'write_failures_total', { code: 'IO' })) > 1, {
      what: 'it tries again',
    });
    for (const path of inTheWay) await rmdir(path);
    await everythingStored(connection);
    expect(await numbers(connection)).toEqual(upTo(20));
    expect(store.readiness()).toBeUndefined();
    await waitFor(async () => (await consumerOf(nats)).acknowledged === 20, { what: 'the server knows' });
  });

  test('a stop in the middle leaves the samples to the next archiver', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const store = await testStore(nats, { backend: 'sqlite', directory });
    const inTheWay = join(directory, 'days', '2026-01-01.db');
    await mkdir(inTheWay);
    const timeUs = Date.parse('2026-01-01T12:00:00Z') * 1000;
    await publishSample(connection, { value: 1, timeUs });
    await waitFor(() => store.readiness()?.includes('cannot be opened'), { what: 'the reason' });
    // Gathered while the first is being tried, and itself no trouble to store.
    await publishSample(connection, { value: 2 });
    await waitFor(async () => (await consumerOf(nats)).delivered === 2, { what: 'it has both' });
    await store.stop();
    await rmdir(inTheWay);
    await testStore(nats, { backend: 'sqlite', directory });
    await everythingStored(connection);
    expect(await numbers(connection)).toEqual([1, 2]);
  });
});

describe('when the bus fails', () => {
  test('nats-server killed: it goes on where it was', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const store = await testStore(nats);
    await publishNumbers(connection, 1, 10);
    await everythingStored(connection);
    await nats.restart();
    await connection.whenConnected();
    await publishNumbers(connection, 11, 20);
    await everythingStored(connection);
    expect(await numbers(connection)).toEqual(upTo(20));
    expect(await metric(store.registry, 'gaps_total')).toBe(0);
  });

  test('messages gone before they were read: a gap row tells their range and times', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const options = { backend: 'sqlite', directory } as const;
    const first = await testStore(nats, options);
    await publishNumbers(connection, 1, 3);
    await everythingStored(connection);
    await first.stop();
    await publishNumbers(connection, 4, 9);
    await connection.request('$JS.API.STREAM.PURGE.ARCHIVE', JSON.stringify({ seq: 8 }));
    const second = await testStore(nats, options);
    await everythingStored(connection);
    expect(await numbers(connection)).toEqual([1, 2, 3, 8, 9]);
    expect(await metric(second.registry, 'gap_messages_total')).toBe(4);
    const samples = await fullHistory(connection, WIND);
    await second.stop();
    const [gap, ...others] = await gapsIn(directory);
    expect(others).toEqual([]);
    expect(gap).toMatchObject({ fromSequence: 4, toSequence: 7 });
    expect(toSeconds(gap!.fromUs)).toBeCloseTo(samples[2]!.time, 1);
    expect(toSeconds(gap!.toUs)).toBeCloseTo(samples[3]!.time, 1);
  });

  test('the stream put back to an earlier state: what comes then is stored, though its numbers were used before', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const directory = await testFolder();
    const options = { backend: 'sqlite', directory } as const;
    const store = await testStore(nats, options);
    await publishNumbers(connection, 1, 5);
    await everythingStored(connection);
    await nats.backUp();
    await connection.whenConnected();
    await publishNumbers(connection, 6, 15);
    await everythingStored(connection);
    await nats.rollBack();
    await connection.whenConnected();
    await publishNumbers(connection, 16, 20);
    await waitFor(async () => (await numbers(connection)).length === 20, {
      what: 'all numbers are stored',
      timeoutMs: 20_000,
    });
    expect(await numbers(connection)).toEqual(upTo(20));
    expect((await everythingStored(connection)).through).toBe(10);
    await store.stop();
    expect(await gapsIn(directory)).toMatchObject([
      { reason: expect.stringContaining('rolled back') as string },
    ]);
  });

  test('the stream put back and grown past the old place while the archiver was away: nothing is passed over', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const options = { backend: 'sqlite', directory: await testFolder() } as const;
    const store = await testStore(nats, options);
    await publishNumbers(connection, 1, 5);
    await everythingStored(connection);
    await nats.backUp();
    await connection.whenConnected();
    await publishNumbers(connection, 6, 8);
    await everythingStored(connection);
    await store.stop();
    await nats.rollBack();
    await connection.whenConnected();
    await publishNumbers(connection, 9, 20);
    await testStore(nats, options);
    await everythingStored(connection);
    expect(await numbers(connection)).toEqual(upTo(20));
  });

  test('the stream wiped: it is made anew and read from its beginning', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    await testStore(nats);
    await publishNumbers(connection, 1, 5);
    await everythingStored(connection);
    await nats.wipe();
    await connection.whenConnected();
    await waitFor(() => publishSample(connection, { value: 6 }), {
      what: 'the stream is there',
      timeoutMs: 20_000,
    });
    await publishNumbers(connection, 7, 9);
    await waitFor(async () => (await numbers(connection)).length === 9, {
      what: 'all are stored',
      timeoutMs: 20_000,
    });
    expect(await numbers(connection)).toEqual(upTo(9));
  });

  test('an archive that is new reads the stream from its beginning, whatever an earlier archive acknowledged', async () => {
    const nats = await ManagedNats.start();
    const connection = await testConnection(nats);
    const first = await testStore(nats);
    await publishNumbers(connection, 1, 10);
    await everythingStored(connection);
    await first.stop();
    const second = await testStore(nats);
    await everythingStored(connection);
    expect(await numbers(connection)).toEqual(upTo(10));
    expect(await metric(second.registry, 'gaps_total')).toBe(0);
  });
});
