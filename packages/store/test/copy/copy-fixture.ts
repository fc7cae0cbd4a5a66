import fc from 'fast-check';
import type { Backend } from '../../src/backend/backend.ts';
import type { SampleRow } from '../../src/backend/stored-sample.ts';
import type { CopyArchive } from '../../src/copy/copy-archive.ts';
import { CopyProgress } from '../../src/copy/copy-progress.ts';
import { CopyRun, type CopyReport } from '../../src/copy/copy-run.ts';
import { CopyState } from '../../src/copy/copy-state.ts';
import {
  anyValue,
  batch,
  DAY_START_US,
  everything,
  quarantineRow,
  readAll,
  sampleRow,
} from '../backend/rows.ts';

export const ROUTE = { from: 'a', to: 'b', source: '1', target: '2' };
const SENSORS = 25;
const DAY_US = 86_400e6;
export const FLOOR = {
  sequence: 4711,
  streamCreated: '2026-11-22T00:00:00.000000001Z',
  messageUs: DAY_START_US,
};

/** Samples of all kinds of values on three days, some of them late, and one clock that was set back. */
export function anyArchive(): SampleRow[] {
  const [values = []] = fc.sample(fc.array(anyValue, { minLength: 400, maxLength: 400 }), {
    numRuns: 1,
    seed: 7,
  });
  const rows = values.map((value, place) =>
    sampleRow({
      component: place % 3 === 0 ? 'wx' : 'm000',
      sensor: `s_${place % SENSORS}`,
      timeUs: DAY_START_US - 3 * DAY_US + place * 0.6e9,
      status: place % 7 === 0 ? 'warn' : 'nominal',
      value,
    }),
  );
  rows.push(sampleRow({ component: 'wx', sensor: 's_0', timeUs: DAY_START_US - 2 * DAY_US, epoch: 9 }));
  return rows;
}

/** Fills an archive with samples and with all else that one has. */
export async function fill(backend: Backend, samples: readonly SampleRow[]): Promise<void> {
  await backend.write(
    batch({
      samples,
      attributes: [5, 10].map((fromUs) => ({
        component: 'wx',
        sensor: 's_0',
        fromUs,
        attributes: { name: 'wx_s_0', katcp_name: 'wx.s-0', units: `${fromUs} m/s` },
      })),
      quarantine: [quarantineRow(1), quarantineRow(2, 5_000)],
      gaps: [{ fromSequence: 3, toSequence: 9, fromUs: 1, toUs: 2, reason: 'expired' }],
      floor: FLOOR,
    }),
  );
  await backend.writeTallies([{ name: 'sensors-0', data: Uint8Array.of(1, 2, 3) }]);
}

/** Everything that an archive answers, without what is its own: ids, sizes, and where it would begin to read the stream. */
export async function contentOf(backend: Backend): Promise<object> {
  const { rows } = await backend.catalogue({ limit: 1_000 });
  const sensors = [];
  for (const row of rows) {
    const samples = await readAll(backend, { ...row, ...everything });
    const attributes = await backend.attributesHistory(row, everything.startUs, everything.endUs);
    sensors.push({ row, samples, attributes });
  }
  const quarantine = (await backend.quarantine({ limit: 1_000 })).rows.map(({ id: _, payload, ...row }) => ({
    ...row,
    payload: [...payload],
  }));
  const latest = (await backend.latest({ subjects: ['sensor.archive.>'], limit: 1_000 })).rows;
  const tallies = (await backend.tallies()).map(({ name, data }) => [name, [...data]]);
  return { sensors, quarantine, latest, tallies, gaps: await backend.gaps(), floor: await backend.floor() };
}

export async function copyAll(
  source: CopyArchive,
  target: CopyArchive,
  statePath: string,
  tell: (line: string) => void = () => undefined,
): Promise<CopyReport> {
  const state = new CopyState(statePath, ROUTE, 1000 * target.safeAfterSeconds);
  const progress = new CopyProgress(tell, 0);
  return new CopyRun({ source, target, state, progress, verifies: true }).run();
}
