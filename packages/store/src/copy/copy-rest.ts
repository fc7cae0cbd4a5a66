import { setTimeout as delay } from 'node:timers/promises';
import { sensorSubject, type SensorAddress } from '@katbus/protocol';
import type { Backend } from '../backend/backend.ts';
import type { AttributesRow } from '../backend/write-batch.ts';
import type { BatchTarget } from './batch-target.ts';
import type { CopyArchive } from './copy-archive.ts';
import { allSensors } from './sensor-days.ts';

const EVERYTHING = [-9e15, 9e15] as const;
const ATTRIBUTES_A_BATCH = 1_000;
const QUARANTINE_A_BATCH = { limit: 500, bytes: 4 * 1024 ** 2 } as const;
const TALLIES_A_BATCH = 20;
/** How often it is asked whether a target would begin at the floor, and how often at the most. */
const FLOOR_EVERY_MS = 1_000;
const MOST_FLOOR_TRIES = 120;

/** All attributes that ever held. @returns of how many sensors */
export async function copyAttributes(
  source: Backend,
  target: BatchTarget,
  onSensor: (address: SensorAddress) => void,
): Promise<number> {
  let sensors = 0;
  let rows: AttributesRow[] = [];
  for await (const { component, sensor } of allSensors(source)) {
    const spans = await source.attributesHistory({ component, sensor }, ...EVERYTHING);
    for (const span of spans) rows.push({ component, sensor, ...span });
    sensors++;
    onSensor({ component, sensor });
    if (rows.length < ATTRIBUTES_A_BATCH) continue;
    await target.write({ attributes: rows });
    rows = [];
  }
  await target.write({ attributes: rows });
  return sensors;
}

/** What a catalogue has beside sensors, attributes and samples; all of it may be there already. */
export async function copyRest(source: Backend, target: BatchTarget, archive: CopyArchive): Promise<void> {
  await copyLatest(source, target, archive.backend);
  let after: number | undefined;
  do {
    const page = await source.quarantine({ ...QUARANTINE_A_BATCH, after });
    await target.write({ quarantine: page.rows });
    after = page.next;
  } while (after !== undefined);
  await target.write({ gaps: await source.gaps() });
  await copyTallies(source, archive.backend);
}

/**
 * From where the target's store will read the stream: where the source's has ended. A target that acknowledges before it syncs begins there only when
 * it was told so some time ago.
 */
export async function copyFloor(
  source: Backend,
  target: BatchTarget,
  archive: CopyArchive,
  tell: (line: string) => void,
): Promise<void> {
  const floor = await source.floor();
  if (floor === undefined) return;
  const present = await archive.backend.floor();
  // It has read a stream itself.
  if (present !== undefined && present.sequence !== floor.sequence) return;
  for (let tries = 0; tries < MOST_FLOOR_TRIES; tries++) {
    await target.write({ floor });
    const start = await archive.backend.startFloor();
    if (start?.sequence === floor.sequence) return;
    if (tries === 0)
      tell('waiting until a crash of the target cannot take away where it goes on in the stream');
    await delay(FLOOR_EVERY_MS);
  }
}

/** Where the latest sample is not the newest, because a clock was set back, or is older than all that are kept. */
async function copyLatest(source: Backend, target: BatchTarget, to: Backend): Promise<void> {
  for await (const row of allSensors(source)) {
    const { component, sensor, lastUs, latestEpoch } = row;
    if (lastUs === undefined) continue;
    const there = await to.sensor({ component, sensor });
    if (there?.lastUs === lastUs && there.latestEpoch === latestEpoch) continue;
    const subject = sensorSubject('archive', { component, sensor });
    const { rows } = await source.latest({ subjects: [subject], limit: 1 });
    for (const sample of rows) {
      await target.add({ ...sample, epoch: latestEpoch, receivedUs: sample.timeUs });
    }
  }
  await target.flush();
}

/** What reports are made of, where the target has counted nothing itself. */
async function copyTallies(source: Backend, to: Backend): Promise<void> {
  if ((await to.tallies()).length > 0) return;
  const parts = await source.tallies();
  for (let from = 0; from < parts.length; from += TALLIES_A_BATCH) {
    await to.writeTallies(parts.slice(from, from + TALLIES_A_BATCH));
  }
}
