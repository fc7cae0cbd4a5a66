import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataDirectory } from '../../../src/backend/sqlite/data-directory.ts';
import { SqliteBackend } from '../../../src/backend/sqlite/sqlite-backend.ts';
import { backendSuite, type BackendUnderTest } from '../backend-suite.ts';
import { binsSuite } from '../bins-suite.ts';

async function open(options: { quarantineBytes: number }): Promise<BackendUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'katbus-store-'));
  const backend = await SqliteBackend.open({ directory, ...options });
  return {
    backend,
    closeDays: async () => {
      for (const { day } of new DataDirectory(directory).days()) await backend.closeDay(day);
    },
    dispose: async () => {
      await backend.close();
      await rm(directory, { recursive: true });
    },
  };
}

backendSuite('sqlite', open);
binsSuite('sqlite', open);
