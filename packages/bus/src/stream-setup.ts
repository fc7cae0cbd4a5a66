import { statfs } from 'node:fs/promises';
import { openPolicyBucket, readPolicy, type StoredPolicy } from './policy/policy-store.ts';
import {
  readDurability,
  setupStreams,
  STREAM_DEFAULTS,
  STREAMS,
  type BusConnection,
  type SetupReport,
  type StreamSettings,
} from './nats/index.ts';

/** The share of the free disk that a new ARCHIVE stream may fill. */
const SHARE_OF_FREE_DISK = 1 / 5;

export interface StreamSetupOptions {
  /** What an operator has chosen; what is not given stays as it is, or gets a default in a new stream. */
  readonly settings: StreamSettings;
  /** nats-server's HTTP monitoring, `http://127.0.0.1:8222`: tells how durable acknowledgements are, and where the server keeps its files. */
  readonly monitoringUrl?: string | undefined;
}

export interface StreamSetup {
  readonly report: SetupReport;
  /** What was done and what it means, a line each, for a log or a terminal. */
  readonly lines: readonly string[];
}

/**
 * Creates the three streams and the bucket of the policies, or brings them to what the settings say, and explains it. May run at any time, and twice at once.
 * @throws {JetStreamError}
 */
export async function setupBus(connection: BusConnection, options: StreamSetupOptions): Promise<StreamSetup> {
  const durability = await readDurability(options.monitoringUrl);
  const room = await roomForArchive(durability.storeDirectory);
  const report = await setupStreams(connection, options.settings, { archiveMaxBytes: room.bytes });
  await openPolicyBucket(connection, options.settings.replicas);
  const policy = await readPolicy(connection);
  const isNew = report.streams.some(
    ({ stream, action }) => stream === STREAMS.archive && action === 'created',
  );
  const sized =
    isNew && options.settings.archiveMaxBytes === undefined ? [`ARCHIVE may take ${room.why}`] : [];
  return { report, lines: [...streamLines(report), ...sized, policyLine(policy), durability.text] };
}

function policyLine(policy: StoredPolicy | undefined): string {
  if (policy === undefined) return 'bucket policies: none yet, components follow their own settings';
  const { rules, revision, refusal } = policy;
  return rules === undefined
    ? `bucket policies: revision ${revision} cannot be applied: ${refusal}`
    : `bucket policies: ${rules.length} rules, revision ${revision}`;
}

/** @param directory where the server keeps its streams; undefined: it did not tell */
async function roomForArchive(directory: string | undefined): Promise<{ bytes: number; why: string }> {
  const free = directory === undefined ? undefined : await freeBytes(directory);
  if (free === undefined) {
    const bytes = STREAM_DEFAULTS.archiveMaxBytes;
    return { bytes, why: `${gibibytes(bytes)}: the disk of nats-server cannot be seen from here` };
  }
  const bytes = Math.floor(free * SHARE_OF_FREE_DISK);
  return { bytes, why: `${gibibytes(bytes)}, a fifth of what is free on the disk of nats-server` };
}

/** Undefined when the server's directory is not on this machine. */
async function freeBytes(directory: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}

function streamLines(report: SetupReport): string[] {
  return report.streams.flatMap(({ stream, action, changes, refused, maxAgeSeconds, maxBytes, replicas }) => {
    const age = maxAgeSeconds === 0 ? 'the last message a subject' : duration(maxAgeSeconds);
    const copies = replicas === 1 ? '1 copy' : `${replicas} copies`;
    return [
      `stream ${stream} ${action}: keeps ${age}, at most ${gibibytes(maxBytes)}, ${copies}`,
      ...changes.map(
        ({ field, from, to }) => `stream ${stream}: ${field} changed from ${String(from)} to ${String(to)}`,
      ),
      ...refused.map(
        ({ field, to, reason }) => `stream ${stream}: ${field} could not become ${String(to)}: ${reason}`,
      ),
    ];
  });
}

function duration(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} days`;
  return seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} s`;
}

function gibibytes(bytes: number): string {
  return bytes >= 1024 ** 3
    ? `${(bytes / 1024 ** 3).toFixed(1)} GiB`
    : `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}
