/** What reports call silent and stuck. Defaults: {@link REPORT_DEFAULTS}. */
export interface ReportBounds {
  /** A sensor is silent when its last sample is older than this. */
  readonly silentSeconds?: number;
  /** A number is stuck when it has been the same for so long, in three samples or more, and had been another one before. */
  readonly stuckSeconds?: number;
}

/** A component sends at least a sample an hour, unless its policy says otherwise: who is silent for longer has something to say. */
export const REPORT_DEFAULTS = { silentSeconds: 3_900, stuckSeconds: 21_600 } as const;

/** What may be wrong with a sensor, at a look. STORAGE.md, "Reports", says when. */
export const SENSOR_FINDINGS = ['never-seen', 'silent', 'stuck', 'gaps', 'out-of-order'] as const;
export type SensorFinding = (typeof SENSOR_FINDINGS)[number];

/** `rpc.store.report`: the archive as a whole. */
export type ReportRequest = ReportBounds;

export interface ArchiveReport {
  /** Unix seconds: when it was made. */
  readonly time: number;
  /** Unix seconds: when counting began; what is counted below is counted from then on. */
  readonly since: number;
  /** Known sensors, and of how many each finding holds. */
  readonly sensors: { readonly known: number } & Readonly<Record<SensorFinding, number>>;
  /** Samples counted. */
  readonly samples: number;
  /** Of all sensors together, now. */
  readonly samplesPerSecond: number;
  /** Of the samples counted, those that came after one with a later `time`. */
  readonly outOfOrderShare: number;
  /** What the back end takes. */
  readonly bytes: number;
  /** The archiver's state. */
  readonly state: string;
  /** Messages in the stream that are not stored yet, and how long ago the stream took the last one that is; both 0 when none is left. */
  readonly lagMessages: number;
  readonly lagSeconds: number;
  /** What was not stored, or is not any more. */
  readonly drops: readonly ArchiveDrop[];
}

export interface ArchiveDrop {
  /**
   * `quarantine`: put into quarantine, whatever became of it later; `quarantine-room`: went from there because newer ones needed the room;
   * `stream`: gone from the stream before it was read.
   */
  readonly where: 'quarantine' | 'quarantine-room' | 'stream';
  readonly reason: string;
  /** 0, of `stream`: nobody can tell how many. */
  readonly messages: number;
}

export const SENSOR_ORDERS = [
  'name',
  'silent',
  'rate',
  'samples',
  'unchanged',
  'gaps',
  'longest-gap',
  'out-of-order',
] as const;
export type SensorOrder = (typeof SENSOR_ORDERS)[number];

/** `rpc.store.report.sensors`: sensor by sensor, paged. */
export interface SensorReportRequest extends ReportBounds {
  /** Only those of which it holds. */
  readonly finding?: SensorFinding;
  /** By name from the first on (the default); by anything else the most of it first, and by name where there is as much. */
  readonly order?: SensorOrder;
  /** RE2 regular expression, searched in the normalised name. */
  readonly filter?: string;
  readonly component?: string;
  /** 1 to 1,000; default 100. */
  readonly limit?: number;
  readonly after?: string;
}

export interface SensorReport {
  readonly component: string;
  readonly sensor: string;
  /** Normalised name. */
  readonly name: string;
  readonly findings: readonly SensorFinding[];
  /** Unix seconds: since when its newest attributes hold; absent when there are none. */
  readonly announced?: number;
  /** Samples counted, and the Unix seconds at which the stream took the first of them. */
  readonly samples: number;
  readonly since?: number;
  /** Unix seconds of its newest sample, and how long ago that was; absent when it was never seen. */
  readonly lastTime?: number;
  readonly silentSeconds?: number;
  /** By the time between its last samples; falls while it is silent for longer than that. */
  readonly samplesPerSecond: number;
  /** Unix seconds: since when its value has been the same, and in how many samples; absent when nothing was counted. */
  readonly unchangedSince?: number;
  readonly unchangedSamples?: number;
  readonly gaps: number;
  /** Absent when there was none. */
  readonly longestGapSeconds?: number;
  readonly lastGapEnd?: number;
  readonly outOfOrder: number;
  /** Of the samples counted. */
  readonly outOfOrderShare: number;
}

export interface SensorReportPage {
  /** Unix seconds: of which moment it speaks; that of the first page, on all pages. */
  readonly time: number;
  readonly sensors: readonly SensorReport[];
  readonly next?: string;
}

/** `rpc.store.report.days`: day by day, the newest first, paged. */
export interface DayReportRequest {
  /** 1 to 1,000; default 100. */
  readonly limit?: number;
  readonly after?: string;
}

export interface DayReport {
  /** UTC: `2026-11-22`. */
  readonly date: string;
  /** Samples of the day, by their `time`, that were counted. */
  readonly samples: number;
  /** What the day's samples take; absent where the back end does not keep days apart. */
  readonly bytes?: number;
  /** What the whole archive took at the last look on that day; absent for days on which nobody looked. */
  readonly archiveBytes?: number;
}

export interface DayReportPage {
  readonly days: readonly DayReport[];
  readonly next?: string;
}

export const REPORT_PAGE = {
  defaultSensors: 100,
  mostSensors: 1_000,
  defaultDays: 100,
  mostDays: 1_000,
  mostBytes: 512 * 1024,
} as const;
