import { BusConnection, setupStreams } from '@katbus/bus/nats';
import { createLogger } from '@katbus/bus/daemon';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Archiver } from '../../src/archiver/archiver.ts';
import { MemoryBackend } from '../../src/backend/memory/memory-backend.ts';
import { StoreMetrics } from '../../src/store-metrics.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { ManagedNats } from '../managed-nats.ts';
import { publishSample } from '../store-fixture.ts';

async function connect(nats: ManagedNats): Promise<BusConnection> {
  const connection = await BusConnection.connect({
    servers: nats.url,
    name: 'archiver',
    reconnectDelayMs: 20,
    reconnectJitterMs: 20,
  });
  onTestFinished(() => connection.close());
  return connection;
}

function makeArchiver(connection: BusConnection, prepare: () => Promise<void>) {
  const archiver = new Archiver(
    {
      connection,
      backend: new MemoryBackend(),
      logger: createLogger({ name: 'store', level: 'error', format: 'json' }),
      metrics: new StoreMetrics(new Registry()),
      prepare,
      onCatalogueChanged: () => undefined,
      isActive: () => true,
    },
    { maxDelayMs: 100, backOff: { firstMs: 5, mostMs: 50 } },
  );
  const ended = archiver.run();
  ended.catch(() => undefined);
  onTestFinished(async () => {
    archiver.stop();
    await ended.catch(() => undefined);
  });
  return { archiver, ended };
}

test('streams that are gone are made anew, however often the server cannot make them yet', async () => {
  const nats = await ManagedNats.start();
  const connection = await connect(nats);
  let refusals = 0;
  let isWiped = false;
  const { archiver } = makeArchiver(connection, async () => {
    if (isWiped && refusals < 5) {
      refusals += 1;
      throw new Error('JetStream system temporarily unavailable');
    }
    await setupStreams(connection);
  });
  await waitFor(() => archiver.status.state === 'reading', { what: 'the archiver reads' });
  isWiped = true;
  await nats.wipe();
  await waitFor(() => refusals === 5 && archiver.status.state === 'reading', {
    what: 'it reads the new stream',
  });
  await publishSample(connection, { value: 1 });
  await waitFor(() => archiver.floor?.sequence === 1, { what: 'it stores what comes' });
});

test('a stop does not wait for a server that is away, and makes nothing any more', async () => {
  const nats = await ManagedNats.start();
  const connection = await connect(nats);
  let attempts = 0;
  const { archiver, ended } = makeArchiver(connection, () => {
    attempts += 1;
    return Promise.reject(new Error('no room for streams'));
  });
  await waitFor(() => attempts > 1, { what: 'it tries again' });
  const whenConnected = connection.whenConnected.bind(connection);
  let waits = 0;
  vi.spyOn(connection, 'whenConnected').mockImplementation(() => {
    if (!connection.connected) waits += 1;
    return whenConnected();
  });
  await nats.stop();
  await waitFor(() => waits > 0, { what: 'it waits for the server' });
  const before = attempts;
  archiver.stop();
  await ended;
  expect(archiver.status.state).toBe('stopped');
  expect(attempts).toBe(before);
});
