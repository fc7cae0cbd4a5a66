import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  everythingStored,
  fullHistory,
  testConnection,
  testFolder,
  testNats,
  testStore,
} from '../store-fixture.ts';

const main = new URL('../../../cli/src/main.ts', import.meta.url).pathname;

test('katbus store mon publishes records that are then in the archive, and stops at the line that is none', async () => {
  const nats = await testNats();
  const connection = await testConnection(nats);
  await testStore(nats, { backend: 'memory' });
  const folder = await testFolder();
  const start = Math.floor(Date.now() / 1_000) - 60;
  const record = (seconds: string, data: unknown) =>
    JSON.stringify({ assembly: 'LST-1', name: 'drive', server_timestamp: seconds, units: 'deg', data });
  const file = join(folder, 'records.jsonl');
  const katbus = (...words: string[]) =>
    promisify(execFile)(process.execPath, [main, 'store', 'mon', ...words, '--nats', nats.url]);
  await writeFile(file, `${record(`${start}.5`, [1.5])}\n\n${record(`${start + 1}.1234567`, ['NaN', 2])}\n`);
  expect((await katbus(file)).stdout).toBe('2 records published\n');
  await writeFile(file, `${record(`${start + 2}`, [3])}\n${record(`${start + 3}.1234567`, [4])}\n`);
  await expect(katbus(file, '--finer-times', 'refuse')).rejects.toMatchObject({
    stderr: expect.stringContaining('record of line 2 refused: server_timestamp') as string,
  });
  await everythingStored(connection);
  const samples = await fullHistory(connection, { component: 'LST_1', sensor: 'drive' });
  expect(samples.map(({ time, value }) => [Math.round((time - start) * 1e6), value])).toEqual([
    [500_000, 1.5],
    [1_123_456, ['NaN', 2]],
    [2_000_000, 3],
  ]);
}, 120_000);
