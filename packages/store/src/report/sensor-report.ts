import {
  normalisedName,
  SENSOR_FINDINGS,
  toSeconds,
  type SensorFinding,
  type SensorReport,
} from '@katbus/protocol';
import type { SensorTallies } from './sensor-tallies.ts';
import { AT, isStuck, outOfOrderShare, ratePerSecond, TALLY_DOUBLES } from './sensor-tally.ts';

/** Of which moment a report speaks, and what it calls silent and stuck. */
export interface ReportMoment {
  readonly nowUs: number;
  readonly silentUs: number;
  readonly stuckUs: number;
}

/** Whether a finding holds of a sensor. @param at where its row begins */
export const FINDING_HOLDS: Readonly<
  Record<SensorFinding, (rows: Float64Array, at: number, moment: ReportMoment) => boolean>
> = {
  'never-seen': (rows, at) => rows[at + AT.lastUs] === -Infinity,
  silent: (rows, at, { nowUs, silentUs }) => {
    const lastUs = rows[at + AT.lastUs]!;
    return lastUs !== -Infinity && nowUs - lastUs > silentUs;
  },
  stuck: (rows, at, { stuckUs }) => isStuck(rows, at, stuckUs),
  gaps: (rows, at) => rows[at + AT.gaps]! > 0,
  'out-of-order': (rows, at) => rows[at + AT.outOfOrder]! > 0,
};

/** What is known of one sensor, in the words of the wire. */
export function sensorReport(tallies: SensorTallies, number: number, moment: ReportMoment): SensorReport {
  const address = tallies.addressOf(number);
  const { rows } = tallies;
  const at = number * TALLY_DOUBLES;
  const announcedUs = tallies.announcedUs(number);
  const lastUs = rows[at + AT.lastUs]!;
  const samples = rows[at + AT.samples]!;
  const gaps = rows[at + AT.gaps]!;
  return {
    ...address,
    name: normalisedName(address),
    findings: SENSOR_FINDINGS.filter((finding) => FINDING_HOLDS[finding](rows, at, moment)),
    ...(!Number.isNaN(announcedUs) && { announced: toSeconds(announcedUs) }),
    samples,
    ...(samples > 0 && { since: toSeconds(rows[at + AT.sinceUs]!) }),
    ...(lastUs !== -Infinity && {
      lastTime: toSeconds(lastUs),
      silentSeconds: toSeconds(moment.nowUs - lastUs),
    }),
    samplesPerSecond: rounded(ratePerSecond(rows, at, moment.nowUs)),
    ...(samples > 0 && {
      unchangedSince: toSeconds(rows[at + AT.sameSinceUs]!),
      unchangedSamples: rows[at + AT.sameSamples]!,
    }),
    gaps,
    ...(gaps > 0 && {
      longestGapSeconds: toSeconds(rows[at + AT.longestGapUs]!),
      lastGapEnd: toSeconds(rows[at + AT.gapEndUs]!),
    }),
    outOfOrder: rows[at + AT.outOfOrder]!,
    outOfOrderShare: rounded(outOfOrderShare(rows, at)),
  };
}

/** To four digits: more would say more than is known. */
export function rounded(number: number): number {
  return Number(number.toPrecision(4));
}
