import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteBackend } from '../../../src/backend/sqlite/sqlite-backend.ts';
import { backendSuite } from '../backend-suite.ts';

backendSuite('sqlite', async (options) => {
  const directory = await mkdtemp(join(tmpdir(), 'katbus-store-'));
  const backend = await SqliteBackend.open({ directory, ...options });
  return {
    backend,
    dispose: async () => {
      await backend.close();
      await rm(directory, { recursive: true });
    },
  };
});
