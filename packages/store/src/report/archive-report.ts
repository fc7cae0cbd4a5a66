import {
  SENSOR_FINDINGS,
  toSeconds,
  type ArchiveDrop,
  type ArchiveReport,
  type DayReport,
  type SensorFinding,
} from '@katbus/protocol';
import type { DayBytes } from '../backend/backend.ts';
import { missingMessages, type GapRow } from '../backend/write-batch.ts';
import type { ArchiveTally } from './archive-tally.ts';
import type { ReportTallies } from './report-tallies.ts';
import { FINDING_HOLDS, rounded, type ReportMoment } from './sensor-report.ts';
import { inSlices } from './sensor-page.ts';
import { AT, ratePerSecond, TALLY_DOUBLES } from './sensor-tally.ts';

/** What the archiver and the back end say of themselves. */
export type ArchiveState = Pick<ArchiveReport, 'state' | 'bytes' | 'lagMessages' | 'lagSeconds'>;

/** The archive as a whole. */
export async function archiveReport(
  { sensors, archive }: Pick<ReportTallies, 'sensors' | 'archive'>,
  moment: ReportMoment,
  state: ArchiveState,
  gaps: readonly GapRow[],
): Promise<ArchiveReport> {
  const found = Object.fromEntries(SENSOR_FINDINGS.map((finding) => [finding, 0])) as Record<
    SensorFinding,
    number
  >;
  let samples = 0;
  let outOfOrder = 0;
  let samplesPerSecond = 0;
  await inSlices(sensors.size, (number) => {
    const { rows } = sensors;
    const at = number * TALLY_DOUBLES;
    for (const finding of SENSOR_FINDINGS) if (FINDING_HOLDS[finding](rows, at, moment)) found[finding]++;
    samples += rows[at + AT.samples]!;
    outOfOrder += rows[at + AT.outOfOrder]!;
    samplesPerSecond += ratePerSecond(rows, at, moment.nowUs);
  });
  return {
    time: toSeconds(moment.nowUs),
    since: toSeconds(archive.sinceUs),
    sensors: { known: sensors.size, ...found },
    samples,
    samplesPerSecond: rounded(samplesPerSecond),
    outOfOrderShare: samples === 0 ? 0 : rounded(outOfOrder / samples),
    ...state,
    drops: dropsOf(archive, gaps),
  };
}

function dropsOf(archive: ArchiveTally, gaps: readonly GapRow[]): ArchiveDrop[] {
  const lost = new Map<string, number>();
  for (const gap of gaps) lost.set(gap.reason, (lost.get(gap.reason) ?? 0) + missingMessages(gap));
  const drops: ArchiveDrop[] = [...archive.quarantined].map(([reason, messages]) => ({
    where: 'quarantine',
    reason,
    messages,
  }));
  if (archive.quarantineDropped > 0) {
    const reason = 'newer ones needed the room';
    drops.push({ where: 'quarantine-room', reason, messages: archive.quarantineDropped });
  }
  for (const [reason, messages] of lost) drops.push({ where: 'stream', reason, messages });
  return drops.sort((a, b) => b.messages - a.messages);
}

/** Day by day, the newest first; days that were neither counted nor take anything are left out. */
export function dayReports(archive: ArchiveTally, stored: readonly DayBytes[]): DayReport[] {
  const bytes = new Map(stored.map((day) => [day.day, day.bytes]));
  const days = [...new Set([...archive.days.keys(), ...bytes.keys()])].sort((a, b) => b - a);
  return days.map((day) => {
    const tally = archive.days.get(day);
    const taken = bytes.get(day);
    return {
      date: new Date(day * 86_400_000).toISOString().slice(0, 10),
      samples: tally?.samples ?? 0,
      ...(taken !== undefined && { bytes: taken }),
      ...(tally?.archiveBytes !== undefined && { archiveBytes: tally.archiveBytes }),
    };
  });
}
