import type { StreamConfig, StreamInfo } from '@nats-io/jetstream';
import type { BusConnection } from './connection.ts';
import { API_CODE, callJetStream, hasApiCode } from './jetstream-api.ts';
import { JetStreamError, StreamMissingError } from './errors.ts';
import {
  STREAM_DEFAULTS,
  STREAMS,
  wantedConfig,
  type StreamName,
  type StreamSettings,
} from './stream-settings.ts';

/** A field in which a stream differs from what is wanted; values as JetStream has them (ages in nanoseconds). */
export interface StreamDifference {
  readonly field: string;
  readonly from: unknown;
  readonly to: unknown;
}

export interface StreamReport {
  readonly stream: StreamName;
  readonly action: 'created' | 'updated' | 'unchanged';
  readonly changes: readonly StreamDifference[];
  /** What stays as it was, and why: storage and retention cannot change, and the server may refuse an update. */
  readonly refused: readonly (StreamDifference & { readonly reason: string })[];
  readonly maxAgeSeconds: number;
  readonly maxBytes: number;
  readonly replicas: number;
}

export interface SetupReport {
  readonly streams: readonly StreamReport[];
}

export interface StreamState {
  readonly stream: string;
  readonly messages: number;
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** When the stream was made: another time for the same name means that it was wiped and made anew. */
  readonly createdTime: string;
  readonly replicas: number;
}

const FIXED_FIELDS = new Set(['storage', 'retention']);

/**
 * Creates the streams that are missing and brings the others to what the settings say. May run at any time, and twice at once.
 * @param defaults what a new stream gets where the settings are silent, instead of {@link STREAM_DEFAULTS}
 * @throws {JetStreamError} when JetStream is off or refuses to create a stream (no room, subjects taken by another stream)
 */
export async function setupStreams(
  connection: BusConnection,
  settings: StreamSettings = {},
  defaults: StreamSettings = {},
): Promise<SetupReport> {
  const streams: StreamReport[] = [];
  for (const stream of Object.values(STREAMS)) {
    streams.push(await setupStream(connection, stream, settings, defaults));
  }
  return { streams };
}

/** @returns the names of the streams that are missing @throws {JetStreamError} when JetStream does not answer */
export async function checkStreams(connection: BusConnection): Promise<StreamName[]> {
  const missing: StreamName[] = [];
  for (const stream of Object.values(STREAMS)) {
    if ((await infoOf(connection, stream)) === undefined) missing.push(stream);
  }
  return missing;
}

/** @throws {StreamMissingError} @throws {JetStreamError} */
export async function streamState(connection: BusConnection, stream: string): Promise<StreamState> {
  const info = await callJetStream<StreamInfo>(connection, `STREAM.INFO.${stream}`, undefined, {
    what: `ask for stream ${stream}`,
    stream,
  });
  return {
    stream,
    messages: info.state.messages,
    bytes: info.state.bytes,
    firstSequence: info.state.first_seq,
    lastSequence: info.state.last_seq,
    createdTime: info.created,
    replicas: info.config.num_replicas,
  };
}

async function setupStream(
  connection: BusConnection,
  stream: StreamName,
  settings: StreamSettings,
  defaults: StreamSettings,
): Promise<StreamReport> {
  const existing = await infoOf(connection, stream);
  if (existing === undefined) {
    const complete = wantedConfig(stream, { ...STREAM_DEFAULTS, ...given(defaults), ...given(settings) });
    const created = await create(connection, stream, complete as Partial<StreamConfig>);
    if (created !== undefined) return report(stream, 'created', created, [], []);
    // Another setup made it at the same moment, with other settings: what ours say is done to it as to any other.
    return setupStream(connection, stream, settings, defaults);
  }
  const differences = differencesOf(existing.config, wantedConfig(stream, settings));
  const refused = differences
    .filter(({ field }) => FIXED_FIELDS.has(field))
    .map((difference) => ({ ...difference, reason: 'a stream keeps this for life' }));
  const changes = differences.filter(({ field }) => !FIXED_FIELDS.has(field));
  if (changes.length === 0) return report(stream, 'unchanged', existing, [], refused);
  const update = Object.fromEntries(changes.map(({ field, to }) => [field, to]));
  try {
    const config = { ...existing.config, ...update };
    const updated = await callJetStream<StreamInfo>(connection, `STREAM.UPDATE.${stream}`, config, {
      what: `update stream ${stream}`,
    });
    return report(stream, 'updated', updated, changes, refused);
  } catch (error) {
    if (!(error instanceof JetStreamError) || error.apiCode === 0) throw error;
    const reason = error.message;
    refused.push(...changes.map((difference) => ({ ...difference, reason })));
    return report(stream, 'unchanged', existing, [], refused);
  }
}

/** @returns undefined when the stream has come into being meanwhile, with another configuration */
async function create(
  connection: BusConnection,
  stream: StreamName,
  config: Partial<StreamConfig>,
): Promise<StreamInfo | undefined> {
  try {
    return await callJetStream<StreamInfo>(
      connection,
      `STREAM.CREATE.${stream}`,
      { ...config, name: stream },
      { what: `create stream ${stream}` },
    );
  } catch (error) {
    if (hasApiCode(error, API_CODE.streamNameInUse)) return undefined;
    throw error;
  }
}

async function infoOf(connection: BusConnection, stream: StreamName): Promise<StreamInfo | undefined> {
  try {
    return await callJetStream<StreamInfo>(connection, `STREAM.INFO.${stream}`, undefined, {
      what: `ask for stream ${stream}`,
      stream,
    });
  } catch (error) {
    if (error instanceof StreamMissingError) return undefined;
    throw error;
  }
}

function differencesOf(have: StreamConfig, want: Record<string, unknown>): StreamDifference[] {
  return Object.entries(want)
    .filter(([, to]) => to !== undefined)
    .map(([field, to]) => ({ field, from: (have as unknown as Record<string, unknown>)[field], to }))
    .filter(({ from, to }) => comparable(from) !== comparable(to));
}

/** The order of subjects says nothing. */
function comparable(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? value.toSorted() : value);
}

function given(settings: StreamSettings): StreamSettings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

function report(
  stream: StreamName,
  action: StreamReport['action'],
  info: StreamInfo,
  changes: StreamReport['changes'],
  refused: StreamReport['refused'],
): StreamReport {
  const { max_age, max_bytes, num_replicas } = info.config;
  return {
    stream,
    action,
    changes,
    refused,
    maxAgeSeconds: max_age / 1e9,
    maxBytes: max_bytes,
    replicas: num_replicas,
  };
}
