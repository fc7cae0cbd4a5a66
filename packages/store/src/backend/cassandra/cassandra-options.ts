/** TLS to the nodes: PEM texts. Giving any of it, even none of its fields, switches TLS on; the nodes' certificates are always checked. */
export interface CassandraTls {
  /** Who signed the nodes' certificates; absent: those whom Node.js trusts. */
  readonly ca?: string | undefined;
  /** Our own certificate and key, for nodes that demand one. */
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name that the nodes' certificates are for; absent: the address that is connected to. */
  readonly serverName?: string | undefined;
}

export const CONSISTENCIES = ['LOCAL_ONE', 'ONE', 'LOCAL_QUORUM', 'QUORUM', 'EACH_QUORUM', 'ALL'] as const;
export type Consistency = (typeof CONSISTENCIES)[number];

/** How archive tables are compressed on disk. */
export const COMPRESSIONS = ['lz4', 'zstd', 'none'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

export interface CassandraOptions {
  /** `host` or `host:port` of some nodes; the others are found through them. */
  readonly contactPoints: readonly string[];
  /** Made when it is missing. Small letters, digits and `_`; at most 48. */
  readonly keyspace: string;
  /** Whose nodes are used; absent: that of the contact points, if there is only one. */
  readonly datacenter?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: CassandraTls | undefined;

  /** Copies of each row in each data center, when the keyspace is made. An existing keyspace stays as it is. */
  readonly replicationFactor: number;
  /** Absent: LOCAL_ONE when there is one copy, else LOCAL_QUORUM. */
  readonly writeConsistency?: Consistency | undefined;
  readonly readConsistency?: Consistency | undefined;

  /** After how many days samples go by themselves, when tables are made; 0: never. */
  readonly keepDays: number;
  readonly compression: Compression;

  /** A node that does not answer a request for so long has failed it. More than the nodes' own time-outs (2 s to 10 s) is of use. */
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** After so many unanswered requests a connection is given up as half-open. */
  readonly unansweredAtMost: number;
  /** The longest pause between two attempts to reach a node that is down. */
  readonly reconnectAtMostMs: number;
  /** How often it is asked whether a node was booted anew. */
  readonly bootCheckMs: number;
  readonly inFlight: InFlightOptions;
}

/** Requests under way at a time, of one session: fewer while nodes answer late, more while they answer in time. */
export interface InFlightOptions {
  readonly least: number;
  readonly first: number;
  readonly most: number;
  /** Answers that take longer on the average are late. */
  readonly targetMs: number;
}

export const CASSANDRA_DEFAULTS = {
  keyspace: 'katbus',
  replicationFactor: 1,
  keepDays: 0,
  compression: 'lz4',
  requestTimeoutMs: 12_000,
  connectTimeoutMs: 5_000,
  unansweredAtMost: 4,
  reconnectAtMostMs: 5_000,
  bootCheckMs: 10_000,
  inFlight: { least: 2, first: 16, most: 64, targetMs: 250 },
} as const satisfies Omit<CassandraOptions, 'contactPoints'>;

const KEYSPACE = /^[a-z][a-z0-9_]{0,47}$/;
const DAY_SECONDS = 86_400;
/** TWCS: as few files as hold a table's life, and none of them half dead for long. */
const WINDOWS = 30;

/** @throws {RangeError} naming the field */
export function checkCassandraOptions(options: CassandraOptions): void {
  if (options.contactPoints.length === 0) throw new RangeError('contactPoints: name one node at least');
  if (!KEYSPACE.test(options.keyspace)) {
    throw new RangeError(
      `keyspace: "${options.keyspace}" is not a small letter and up to 47 small letters, digits and "_"`,
    );
  }
  if (!Number.isInteger(options.replicationFactor) || options.replicationFactor < 1) {
    throw new RangeError(`replicationFactor: ${options.replicationFactor} is not a whole number from 1`);
  }
  if ((options.username === undefined) !== (options.password === undefined)) {
    throw new RangeError('username, password: give both or none');
  }
}

export function writeConsistencyOf(options: CassandraOptions): Consistency {
  return options.writeConsistency ?? (options.replicationFactor === 1 ? 'LOCAL_ONE' : 'LOCAL_QUORUM');
}

export function readConsistencyOf(options: CassandraOptions): Consistency {
  return options.readConsistency ?? (options.replicationFactor === 1 ? 'LOCAL_ONE' : 'LOCAL_QUORUM');
}

/** The end of a `CREATE TABLE` of samples: `WITH ...`, to which `AND ...` may be added. */
export function sampleTableOptions({ keepDays, compression }: CassandraOptions): string {
  return `WITH ${compressionClause(compression)} AND ${compactionClause(keepDays)} AND default_time_to_live = ${Math.round(keepDays * DAY_SECONDS)}`;
}

function compressionClause(compression: Compression): string {
  switch (compression) {
    case 'lz4':
      return "compression = {'class': 'LZ4Compressor', 'chunk_length_in_kb': 16}";
    case 'zstd':
      return "compression = {'class': 'ZstdCompressor', 'chunk_length_in_kb': 64, 'compression_level': 1}";
    case 'none':
      return "compression = {'enabled': false}";
  }
}

/** What never goes is merged by size; what goes is kept by age, so that whole files go. */
function compactionClause(keepDays: number): string {
  if (keepDays === 0) {
    return "compaction = {'class': 'UnifiedCompactionStrategy', 'scaling_parameters': 'T4'}";
  }
  const hours = Math.max(1, Math.ceil((keepDays * 24) / WINDOWS));
  const [size, unit] = hours < 24 ? [hours, 'HOURS'] : [Math.ceil(hours / 24), 'DAYS'];
  return `compaction = {'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': '${unit}', 'compaction_window_size': ${size}}`;
}
