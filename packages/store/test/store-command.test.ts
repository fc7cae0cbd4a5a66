import { expect, test } from 'vitest';
import { waitFor } from '../../../test/support/wait-for.ts';
import { testConnection, testFolder, testNats, publishSample } from './store-fixture.ts';
import { StoreProcess } from './store-process.ts';

const ended = (store: StoreProcess) =>
  waitFor(() => !store.isRunning, { what: `it has ended (${store.output})`, timeoutMs: 15_000 });

test.each([
  [['--max-delay', '0'], 'It is 0.05 to 60 seconds.'],
  [['--batch-samples', 'many'], 'It is 1 to 500000 samples.'],
  [['--backend', 'paper'], 'Allowed choices are sqlite, cassandra, memory.'],
])('katbus store %j is refused in one line', async (options, line) => {
  const store = await StoreProcess.start('nats://127.0.0.1:1', await testFolder(), options);
  await ended(store);
  expect(await store.end('SIGTERM')).toBe(1);
  expect(store.output.trim().split('\n')).toEqual([expect.stringContaining(line)]);
});

test('katbus store makes the streams, says what durability it found, is ready, and counts', async () => {
  const nats = await testNats();
  const store = await StoreProcess.start(nats.url, await testFolder(), [
    '--nats-monitoring',
    nats.monitoringUrl,
  ]);
  await waitFor(() => store.isReady(), { what: 'it is ready', timeoutMs: 15_000 });
  expect(store.output).toContain('NATS syncs its files to disk every 1 s');
  const connection = await testConnection(nats);
  await publishSample(connection);
  await waitFor(async () => (await store.metric('samples_total')) === 1, { what: 'the sample is counted' });
  expect(await store.metric('lag_messages')).toBe(0);
  expect(await store.metric('sensors')).toBe(1);
  expect(await store.metric('commit_seconds_count')).toBe(1);
});

test('katbus store --no-setup waits for streams that somebody else makes, and says what it waits for', async () => {
  const nats = await testNats();
  const store = await StoreProcess.start(nats.url, await testFolder(), ['--no-setup']);
  await waitFor(() => store.output.includes('stream ARCHIVE does not exist'), { what: 'it says so' });
  await waitFor(async () => !(await store.isReady()), { what: 'it is not ready' });
  await testConnection(nats);
  await waitFor(() => store.isReady(), { what: 'it is ready', timeoutMs: 15_000 });
});
