import type { SensorAddress } from '@katbus/protocol';
import type { Backend, CatalogueRow } from '../backend/backend.ts';

export const DAY_US = 86_400e6;
const PAGE_SENSORS = 2_000;

/** All sensors of an archive, by component and sensor. @throws {StoreError} */
export async function* allSensors(
  backend: Backend,
  after?: SensorAddress,
): AsyncGenerator<CatalogueRow, void, void> {
  let from = after;
  do {
    const page = await backend.catalogue({ limit: PAGE_SENSORS, after: from });
    yield* page.rows;
    from = page.next;
  } while (from !== undefined);
}

/** The days, since 1970, that may have samples, in order; and how many sensors and samples' days that makes, about. */
export async function daysOf(backend: Backend): Promise<number[]> {
  const kept = await backend.days();
  if (kept.length > 0) return kept.map(({ day }) => day);
  let first = Infinity;
  let last = -Infinity;
  for await (const { firstUs, lastUs } of allSensors(backend)) {
    if (firstUs !== undefined) first = Math.min(first, firstUs);
    if (lastUs !== undefined) last = Math.max(last, lastUs);
  }
  // Nothing is more than an hour ahead of its time; of a clock that was set back, the latest sample is not the newest.
  const end = Math.max(last, 1000 * Date.now() + 3_600e6);
  const days: number[] = [];
  if (first === Infinity) return days;
  for (let day = dayOfTime(first); day <= dayOfTime(end); day++) days.push(day);
  return days;
}

/** Sensors that may have samples on a day. */
export async function* sensorsOfDay(
  backend: Backend,
  day: number,
  after?: SensorAddress,
): AsyncGenerator<CatalogueRow, void, void> {
  for await (const row of allSensors(backend, after)) {
    if (row.firstUs === undefined || row.firstUs >= (day + 1) * DAY_US) continue;
    // Of a clock that was set back, the latest sample is not the newest.
    const mayBeNewer = row.latestEpoch !== 0;
    if (row.lastUs !== undefined && row.lastUs < day * DAY_US && !mayBeNewer) continue;
    yield row;
  }
}

function dayOfTime(timeUs: number): number {
  return Math.floor(timeUs / DAY_US);
}
