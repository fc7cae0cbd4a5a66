import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  DayKeeping,
  KEEPING_DEFAULTS,
  type KeepingEvent,
} from '../../../../src/backend/sqlite/closing/day-keeping.ts';
import { DataDirectory } from '../../../../src/backend/sqlite/data-directory.ts';
import { SqliteBackend } from '../../../../src/backend/sqlite/sqlite-backend.ts';
import type { Thread } from '../../../../src/backend/thread/thread.ts';
import type { WriterMethods } from '../../../../src/backend/sqlite/writer-thread.ts';
import { temporaryFolder } from '../../../../../../test/support/temporary-folder.ts';
import { batch, DAY_START_US, sampleRow } from '../../rows.ts';

test('a pass that waits for the writer when the store closes begins nothing more', async () => {
  const folder = await temporaryFolder('keeping');
  onTestFinished(() => folder.remove());
  const backend = await SqliteBackend.open({ directory: folder.path });
  await backend.write(batch({ samples: [sampleRow({})] }));
  await backend.close();

  const asked = Promise.withResolvers<void>();
  const sealed = Promise.withResolvers<number>();
  const writer = {
    call: () => {
      asked.resolve();
      return sealed.promise;
    },
  } as unknown as Thread<WriterMethods>;
  const events: KeepingEvent[] = [];
  const keeping = new DayKeeping(
    new DataDirectory(folder.path),
    { writer, refreshReaders: () => Promise.resolve() },
    { ...KEEPING_DEFAULTS, closeAfterMs: 0 },
    (event) => events.push(event),
  );
  void keeping.pass(DAY_START_US / 1_000 + 20 * 366 * 86_400_000);
  await asked.promise;
  const ended = keeping.end();
  sealed.resolve(0);
  await ended;
  expect(events).toEqual([]);
  expect(await readdir(join(folder.path, 'days'))).toEqual(['2026-11-22.db']);
});
