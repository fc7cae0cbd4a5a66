import type { DeadBand } from './dead-band.ts';

/**
 * When a sensor's updates are sent. Durations are microseconds.
 *
 * The publisher's throttle uses all of it; a portal's sampling strategy is the same rule with one interval and no fill-ins.
 */
export interface SamplingRule {
  /** Least time between two samples on the archive subject; 0: everything that changed is archived. */
  readonly archiveIntervalUs: number;
  /** Least time between two samples on either subject, at most the archive interval; 0: no fill-ins. */
  readonly normalIntervalUs: number;
  /** Longest time without a sample; 0: no limit. */
  readonly longestSilenceUs: number;
  readonly deadBand: DeadBand;
}

/** The same rule as people write it: in a component's code, in a policy, on a command line. Absent fields take the defaults. */
export interface SamplingSettings {
  /** Seconds; default 10. 0: everything that changed is archived. */
  readonly archiveIntervalSeconds?: number;
  /** Seconds; default 1; above the archive interval it reads as that. 0: no fill-ins. */
  readonly normalIntervalSeconds?: number;
  /** Seconds; default 3600. 0: never. */
  readonly longestSilenceSeconds?: number;
  /** Default 0. */
  readonly deadBand?: DeadBand;
}

export const DEFAULT_SAMPLING: Required<SamplingSettings> = {
  archiveIntervalSeconds: 10,
  normalIntervalSeconds: 1,
  longestSilenceSeconds: 3600,
  deadBand: 0,
};

export class SamplingSettingsError extends Error {
  readonly code = 'SAMPLING_SETTINGS';
  readonly field: string;
  /** What the field must be. */
  readonly rule: string;

  constructor(field: string, rule: string) {
    super(`sampling settings refused: ${field} ${rule}`);
    this.field = field;
    this.rule = rule;
    this.name = 'SamplingSettingsError';
  }
}

const DURATIONS = ['archiveIntervalSeconds', 'normalIntervalSeconds', 'longestSilenceSeconds'] as const;

/** @throws {SamplingSettingsError} naming the field */
export function samplingRule(settings: SamplingSettings): SamplingRule {
  const filled = { ...DEFAULT_SAMPLING, ...settings };
  for (const field of DURATIONS) {
    const seconds = filled[field];
    if (typeof seconds !== 'number' || !(seconds >= 0 && seconds <= 1e8)) {
      throw new SamplingSettingsError(field, 'must be 0 to 100,000,000 seconds');
    }
  }
  const { deadBand } = filled;
  const band = typeof deadBand === 'object' && deadBand !== null ? deadBand.relative : (deadBand ?? 0);
  if (typeof band !== 'number' || !(band >= 0 && band < Infinity)) {
    throw new SamplingSettingsError(
      'deadBand',
      'must be null, a number of at least 0, or { relative } with such a number',
    );
  }
  const archiveIntervalUs = Math.round(filled.archiveIntervalSeconds * 1e6);
  return {
    archiveIntervalUs,
    normalIntervalUs: Math.min(Math.round(filled.normalIntervalSeconds * 1e6), archiveIntervalUs),
    longestSilenceUs: Math.round(filled.longestSilenceSeconds * 1e6),
    deadBand,
  };
}
