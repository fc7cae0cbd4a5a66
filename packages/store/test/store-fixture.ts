import { onTestFinished } from 'vitest';
import { createLogger, type DaemonContext, type RunningDaemon } from '@katbus/bus/daemon';
import { BusConnection, callService, setupStreams } from '@katbus/bus/nats';
import {
  encodeSample,
  normalisedName,
  sensorSubject,
  STORE_SUBJECTS,
  wallClockUs,
  type HistoryPage,
  type SampleValue,
  type SensorAddress,
  type Status,
  type StoreStatus,
} from '@katbus/protocol';
import { validate } from '@katbus/protocol/schemas';
import { Registry } from 'prom-client';
import { startStore, type StoreDaemonOptions } from '../src/store-daemon.ts';
import { startTestNats, type TestNats } from '../../../test/support/test-nats.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { waitFor } from '../../../test/support/wait-for.ts';

export const WIND = { component: 'wx', sensor: 'wind_speed' };

/** Released after the test, whatever it does: the last made goes first. */
export async function testNats(): Promise<TestNats> {
  const nats = await startTestNats();
  onTestFinished(() => nats[Symbol.asyncDispose]());
  return nats;
}

/** A connection with the streams set up. */
export async function testConnection(nats: { readonly url: string }): Promise<BusConnection> {
  const connection = await BusConnection.connect({ servers: nats.url, name: 'test' });
  onTestFinished(() => connection.close());
  await setupStreams(connection);
  return connection;
}

export async function testFolder(): Promise<string> {
  const folder = await temporaryFolder('store');
  onTestFinished(() => folder.remove());
  return folder.path;
}

export interface TestStore extends RunningDaemon {
  readonly registry: Registry;
}

/** Archiver and history service in this process. */
export async function testStore(
  nats: { readonly url: string },
  options: Partial<StoreDaemonOptions> = {},
): Promise<TestStore> {
  const registry = new Registry();
  const context: DaemonContext = {
    logger: createLogger({ name: 'store', level: 'error', format: 'json' }),
    registry,
    starting: () => undefined,
  };
  const daemon = await startStore(
    {
      nats: nats.url,
      backend: 'memory',
      directory: await testFolder(),
      archiver: { maxDelayMs: 200, backOff: { firstMs: 20, mostMs: 200 } },
      setup: { settings: {} },
      ...options,
    },
    context,
  );
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= daemon.stop());
  onTestFinished(stop);
  return { ...daemon, stop, registry };
}

export interface TestSample {
  readonly address?: SensorAddress;
  readonly timeUs?: number;
  readonly status?: Status;
  readonly value?: SampleValue;
}

export function samplePayload({
  address = WIND,
  timeUs = wallClockUs(),
  status = 'nominal',
  value = 1,
}: TestSample): string {
  return encodeSample(normalisedName(address), timeUs, timeUs - 1_000, status, value);
}

/** Publishes into the stream and waits until it is there. @returns its sequence */
export async function publishStored(
  connection: BusConnection,
  subject: string,
  payload: string,
): Promise<number> {
  const answer = await connection.request(subject, payload);
  const { seq, error } = JSON.parse(Buffer.from(answer.data).toString()) as { seq?: number; error?: unknown };
  if (seq === undefined) throw new Error(`not stored: ${JSON.stringify(error)}`);
  return seq;
}

export function publishSample(connection: BusConnection, sample: TestSample = {}): Promise<number> {
  return publishStored(connection, sensorSubject('archive', sample.address ?? WIND), samplePayload(sample));
}

/** All samples of a sensor, page by page. */
export async function fullHistory(
  connection: BusConnection,
  request: SensorAddress & { start?: number; end?: number; limit?: number },
): Promise<HistoryPage['samples'][number][]> {
  const samples: HistoryPage['samples'][number][] = [];
  let after: string | undefined;
  do {
    const page = (await callService(connection, STORE_SUBJECTS.history, {
      start: 0,
      end: 1e10,
      ...request,
      after,
    })) as HistoryPage;
    samples.push(...page.samples);
    after = page.next;
  } while (after !== undefined);
  return samples;
}

export async function storeStatus(connection: BusConnection): Promise<StoreStatus> {
  return validate<StoreStatus>('storeStatus', await callService(connection, STORE_SUBJECTS.status));
}

/** Waits until everything in the stream is stored. */
export function everythingStored(connection: BusConnection): Promise<StoreStatus> {
  return waitFor(
    async () => {
      const status = await storeStatus(connection);
      return status.lagMessages === 0 && status.state === 'reading' ? status : undefined;
    },
    { what: 'everything is stored', timeoutMs: 20_000 },
  );
}

/** A metric's value, of all its labels together or of one. */
export async function metric(
  registry: Registry,
  name: string,
  labels: Record<string, string> = {},
): Promise<number> {
  const found = await registry.getSingleMetric(`katbus_store_${name}`)?.get();
  const values = (found?.values ?? []).filter((value) =>
    Object.entries(labels).every(
      ([label, text]) => (value.labels as Record<string, unknown>)[label] === text,
    ),
  );
  return values.reduce((sum, { value }) => sum + value, 0);
}
