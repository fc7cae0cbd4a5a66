import { existsSync } from 'node:fs';
import { DataDirectory } from '../backend/sqlite/data-directory.ts';
import { dateOf } from '../backend/sqlite/day.ts';
import { SqliteBackend } from '../backend/sqlite/sqlite-backend.ts';
import { CopyError, type CopyArchive } from './copy-archive.ts';

/**
 * A data directory that no store uses meanwhile.
 * @throws {StoreError} LOCKED: one does
 * @throws {CopyError} it must be there, and is not
 */
export async function openSqliteArchive(directory: string, mustExist: boolean): Promise<CopyArchive> {
  if (mustExist && !existsSync(new DataDirectory(directory).catalogueFile)) {
    throw new CopyError(`${directory} is no data directory: it has no catalogue.db`);
  }
  const backend = await SqliteBackend.open({ directory });
  return {
    backend,
    identity: backend.identity,
    // Samples are synced before they count; what the catalogue says of them follows within seconds.
    makeSafe: () => backend.settle(),
    safeAfterSeconds: 0,
    batchSamples: 20_000,
    prepareReading: async (tell) => {
      // Of a day that lies in rows, by time, each sensor would be searched for among all the others.
      for (const { day, rows } of new DataDirectory(directory).days()) {
        if (rows.length === 0) continue;
        tell(`making chunks of ${dateOf(day)}, so that it can be read by sensor`);
        await backend.closeDay(day);
      }
    },
    settle: () => Promise.resolve(),
    close: () => backend.close(),
  };
}
