import { SUBJECTS } from '@katbus/protocol';
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';

/** The streams of SUBJECTS.md, by role. */
export const STREAMS = { archive: 'ARCHIVE', live: 'LIVE', state: 'STATE' } as const;
export type StreamName = (typeof STREAMS)[keyof typeof STREAMS];

/** What an operator may choose. A setting that is not given leaves an existing stream as it is, and a new one gets {@link STREAM_DEFAULTS}. */
export interface StreamSettings {
  /** Servers that hold a copy: 1, or 3 on a mesh. */
  readonly replicas?: number | undefined;
  readonly archiveMaxAgeSeconds?: number | undefined;
  /** Past it, or past the age, the oldest messages go. */
  readonly archiveMaxBytes?: number | undefined;
  readonly liveMaxAgeSeconds?: number | undefined;
  readonly liveMaxBytes?: number | undefined;
  readonly stateMaxBytes?: number | undefined;
}

/** `archiveMaxBytes` here is for callers that do not know the disk: `katbus up` and `setup` give a fifth of what is free. */
export const STREAM_DEFAULTS = {
  replicas: 1,
  archiveMaxAgeSeconds: 7 * 24 * 3600,
  archiveMaxBytes: 10 * 1024 ** 3,
  liveMaxAgeSeconds: 600,
  liveMaxBytes: 1024 ** 3,
  stateMaxBytes: 64 * 1024 ** 2,
} as const satisfies Required<StreamSettings>;

const DUPLICATE_WINDOW_S = 120;

/** The parts of a stream's configuration that Katbus cares for; what is not named here stays as it is. */
export type WantedConfig = Partial<
  Pick<
    StreamConfig,
    | 'description'
    | 'subjects'
    | 'storage'
    | 'retention'
    | 'discard'
    | 'allow_direct'
    | 'num_replicas'
    | 'max_age'
    | 'duplicate_window'
    | 'max_bytes'
    | 'max_msgs_per_subject'
  >
>;

/** `undefined` where the settings are silent. */
export function wantedConfig(
  stream: StreamName,
  settings: StreamSettings,
): Partial<Record<keyof WantedConfig, unknown>> {
  const common = {
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    // A full stream must go on taking samples: what is oldest goes, and the archiver records the gap if it had not read it.
    discard: DiscardPolicy.Old,
    allow_direct: true,
    num_replicas: settings.replicas,
  };
  switch (stream) {
    case STREAMS.archive:
      return {
        ...common,
        description: 'samples and attributes for the archive',
        subjects: [SUBJECTS.archiveSamples, SUBJECTS.everyAttributes, SUBJECTS.archiveMarkers],
        ...ageOf(settings.archiveMaxAgeSeconds),
        max_bytes: settings.archiveMaxBytes,
        max_msgs_per_subject: -1,
      };
    case STREAMS.live:
      return {
        ...common,
        description: 'the last minutes of samples between two archive samples',
        subjects: [SUBJECTS.normalSamples, SUBJECTS.liveMarkers],
        ...ageOf(settings.liveMaxAgeSeconds),
        max_bytes: settings.liveMaxBytes,
        max_msgs_per_subject: -1,
      };
    case STREAMS.state:
      return {
        ...common,
        description: 'the last message of each state subject of the portal',
        subjects: [SUBJECTS.time, SUBJECTS.aggregates, SUBJECTS.componentPresence],
        ...maxAgeConfig(0),
        max_bytes: settings.stateMaxBytes,
        max_msgs_per_subject: 1,
      };
  }
}

/** JetStream refuses a window for duplicates that is longer than the age. Nothing of ours uses the window. */
export function maxAgeConfig(seconds: number): { max_age: number; duplicate_window: number } {
  const windowSeconds = seconds === 0 ? DUPLICATE_WINDOW_S : Math.min(seconds, DUPLICATE_WINDOW_S);
  return { max_age: seconds * 1e9, duplicate_window: windowSeconds * 1e9 };
}

function ageOf(seconds: number | undefined): Partial<ReturnType<typeof maxAgeConfig>> {
  return seconds === undefined ? {} : maxAgeConfig(seconds);
}
