import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Keeper } from '../../../../src/backend/sqlite/closing/keeper.ts';
import { Pace } from '../../../../src/backend/sqlite/closing/pace.ts';
import { SqliteBackend } from '../../../../src/backend/sqlite/sqlite-backend.ts';
import { temporaryFolder } from '../../../../../../test/support/temporary-folder.ts';
import { batch, DAY_START_US, sampleRow } from '../../rows.ts';

const HOUR_MS = 3_600_000;
const DAY = DAY_START_US / 86_400e6;

/** Time goes by of which nobody has to wait for the end. */
function idle(ms: number): void {
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + ms);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
}

describe('the pace of a closing', () => {
  test('does not rest for the hours in which there was nothing to close', async () => {
    const folder = await temporaryFolder('pace');
    onTestFinished(() => folder.remove());
    const backend = await SqliteBackend.open({ directory: folder.path });
    await backend.write(batch({ samples: [sampleRow({})] }));
    await backend.close();
    const keeper = new Keeper({ directory: folder.path, closingShare: 0.5, closingRows: 1_024 });
    idle(24 * HOUR_MS);
    expect(await keeper.close(DAY, 0)).toMatchObject({ day: DAY, samples: 1 });
  });

  test('ends at once while it rests', async () => {
    const pace = new Pace(0.5);
    idle(24 * HOUR_MS);
    const step = pace.step();
    pace.end();
    await expect(step).rejects.toMatchObject({ code: 'CLOSED' });
  });

  test('rests when it has worked', async () => {
    const pace = new Pace(0.5);
    idle(100);
    const startedMs = performance.now();
    await pace.step();
    expect(performance.now() - startedMs).toBeGreaterThan(95);
  });
});
