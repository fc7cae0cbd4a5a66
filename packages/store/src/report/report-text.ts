import {
  isoText,
  type ArchiveReport,
  type DayReport,
  type ReportBounds,
  type SensorFinding,
  type SensorReport,
} from '@katbus/protocol';
import { textTable } from '../text-table.ts';

const SPANS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;
const BYTE_PREFIXES = ['', 'k', 'M', 'G', 'T'] as const;

const FINDING_TEXTS: Readonly<Record<SensorFinding, (bounds: Required<ReportBounds>) => string>> = {
  'never-seen': () => 'announced, and no sample was ever stored',
  silent: ({ silentSeconds }) => `no sample for more than ${spanText(silentSeconds)}`,
  stuck: ({ stuckSeconds }) => `a number that has been the same for ${spanText(stuckSeconds)} or longer`,
  gaps: () => 'at least one pause three times as long as the longest usual one',
  'out-of-order': () => 'at least one sample after a later one',
};

/** The archive as a whole, for people. */
export function archiveLines(report: ArchiveReport, bounds: Required<ReportBounds>): string[] {
  const { sensors, samples, samplesPerSecond, outOfOrderShare, bytes, state, lagMessages, lagSeconds } =
    report;
  const { known, ...findings } = sensors;
  const behind =
    lagMessages === 0 ? 'nothing waits' : `${lagMessages} messages wait, for ${spanText(lagSeconds)}`;
  return [
    `sensors       ${known}`,
    `samples       ${samples} since ${isoText(report.since)}, ${samplesPerSecond} a second now`,
    `out of order  ${shareText(outOfOrderShare)} of them`,
    `takes         ${bytesText(bytes)}`,
    `archiver      ${state}, ${behind}`,
    '',
    ...textTable(
      ['FINDING', 'SENSORS', 'WHICH MEANS'],
      Object.entries(findings).map(([finding, count]) => [
        finding,
        String(count),
        FINDING_TEXTS[finding as SensorFinding](bounds),
      ]),
    ),
    '',
    ...dropLines(report),
  ];
}

function dropLines({ drops, since }: ArchiveReport): string[] {
  if (drops.length === 0) return [`nothing was dropped since ${isoText(since)}`];
  return textTable(
    ['DROPPED', 'WHERE', 'WHY'],
    drops.map(({ messages, where, reason }) => [
      messages === 0 ? 'unknown' : String(messages),
      where,
      reason,
    ]),
  );
}

/** Sensor by sensor, for people. */
export function sensorLines(sensors: readonly SensorReport[]): string[] {
  if (sensors.length === 0) return ['no sensor'];
  const rows = sensors.map((row) => [
    `${row.component}.${row.sensor}`,
    row.lastTime === undefined ? 'never' : isoText(row.lastTime),
    row.silentSeconds === undefined ? '-' : spanText(Math.max(0, row.silentSeconds)),
    String(row.samplesPerSecond),
    String(row.samples),
    row.unchangedSince === undefined ? '-' : spanText(row.lastTime! - row.unchangedSince),
    row.longestGapSeconds === undefined ? '0' : `${row.gaps} (${spanText(row.longestGapSeconds)})`,
    row.outOfOrder === 0 ? '0' : shareText(row.outOfOrderShare),
    row.findings.join(' '),
  ]);
  return textTable(
    ['SENSOR', 'LAST', 'SILENT', 'RATE/S', 'SAMPLES', 'UNCHANGED', 'GAPS', 'UNSORTED', 'FINDINGS'],
    rows,
  );
}

/** Day by day, for people. */
export function dayLines(days: readonly DayReport[]): string[] {
  if (days.length === 0) return ['no days yet'];
  return textTable(
    ['DAY', 'SAMPLES', 'TAKES', 'ARCHIVE'],
    days.map(({ date, samples, bytes, archiveBytes }) => [
      date,
      String(samples),
      bytes === undefined ? '-' : bytesText(bytes),
      archiveBytes === undefined ? '-' : bytesText(archiveBytes),
    ]),
  );
}

/** The two largest units: `1d 4h`, `5m 10s`, `0s`. */
export function spanText(seconds: number): string {
  let left = Math.round(seconds);
  const parts: string[] = [];
  for (const [unit, length] of SPANS) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0) parts.push(`${count}${unit}`);
    // `1d 5s` would look as if it were exact.
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.length === 0 ? '0s' : parts.join(' ');
}

function bytesText(bytes: number): string {
  const place = Math.min(
    BYTE_PREFIXES.length - 1,
    Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)),
  );
  const scaled = bytes / 1000 ** place;
  return `${place === 0 ? String(scaled) : scaled.toPrecision(4)} ${BYTE_PREFIXES[place]}B`;
}

function shareText(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}
