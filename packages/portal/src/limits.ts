/** Every bound of a portal, each an option. What happens past one is in PROTOCOL.md, "Limits", and counted. */
export interface PortalLimits {
  /** Websockets at once. */
  readonly sessions: number;
  /** Largest message that a client may send. */
  readonly frameBytes: number;
  readonly subscriptions: number;
  readonly patterns: number;
  readonly requestsUnderWay: number;
  readonly pagesUnderWay: number;
  readonly outboxBytes: number;
  readonly heldSensors: number;
  readonly allBytes: number;
  readonly sampledSensors: number;
  readonly stuckMs: number;
  readonly pingIntervalMs: number;
  readonly pongTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly malformedInARow: number;
  readonly joinTimeoutMs: number;
  readonly joinRetryMs: number;
  readonly joinBufferMessages: number;
  readonly joinReads: number;
  readonly settleMs: number;
  readonly storeTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly snapshotPageBytes: number;
  readonly snapshotBytes: number;
  readonly listStallMs: number;
  readonly listBytes: number;
  readonly listsUnderWay: number;
  readonly listingsBytes: number;
  readonly filterBudgetMs: number;
  readonly filtersWaiting: number;
  readonly scrapeSensors: number;
  readonly scrapeWatches: number;
  readonly scrapeIdleMs: number;
  readonly knownSensors: number;
}
export type LimitName = keyof PortalLimits;

export interface Limit {
  readonly default: number;
  readonly least: number;
  readonly most: number;
  readonly unit: string;
  readonly what: string;
}

const MIB = 1024 * 1024;

export const LIMITS: Readonly<Record<LimitName, Limit>> = {
  sessions: limit(5_000, 1, 1_000_000, 'sessions', 'websockets at once'),
  frameBytes: limit(MIB, 1_024, 64 * MIB, 'bytes', 'largest message that a client may send'),
  subscriptions: limit(1_000, 1, 100_000, 'subscriptions', 'subscriptions of one session'),
  patterns: limit(1_000, 1, 1_000, 'patterns', 'patterns in one subscribe'),
  requestsUnderWay: limit(32, 1, 10_000, 'requests', 'requests of one session under way'),
  pagesUnderWay: limit(4, 1, 1_000, 'pages', 'pages of history or bins of one session under way'),
  // Below the kernel's and Node's own buffers a bound would hold back clients that are not slow at all.
  outboxBytes: limit(MIB, 64 * 1024, 1024 * MIB, 'bytes', 'what may wait for one session, in order'),
  heldSensors: limit(5_000, 1, 1_000_000, 'sensors', 'sensors of which the newest sample waits beyond that'),
  allBytes: limit(
    64 * MIB,
    64 * 1024,
    65_536 * MIB,
    'bytes',
    'what may wait for one session with mode "all"',
  ),
  sampledSensors: limit(500_000, 1, 100_000_000, 'states', 'states of sampling strategies, of all sessions'),
  stuckMs: limit(10_000, 100, 3_600_000, 'ms', 'how long a session may take nothing of what waits'),
  pingIntervalMs: limit(15_000, 100, 3_600_000, 'ms', 'time between two pings'),
  pongTimeoutMs: limit(10_000, 100, 3_600_000, 'ms', 'how long a ping may be unanswered'),
  closeTimeoutMs: limit(2_000, 10, 60_000, 'ms', 'how long a client may take to close'),
  malformedInARow: limit(20, 1, 1_000_000, 'frames', 'malformed frames in a row'),
  joinTimeoutMs: limit(5_000, 100, 60_000, 'ms', 'how long the streams may take to give a snapshot'),
  joinRetryMs: limit(5_000, 100, 3_600_000, 'ms', 'pause before an incomplete snapshot is tried again'),
  joinBufferMessages: limit(10_000, 1, 1_000_000, 'messages', 'live messages that wait for one snapshot'),
  joinReads: limit(8, 1, 1_000, 'reads', 'snapshots that are read from the streams at once'),
  settleMs: limit(
    5_000,
    0,
    600_000,
    'ms',
    'how long after a snapshot late copies of its samples are told apart',
  ),
  storeTimeoutMs: limit(
    1_000,
    10,
    60_000,
    'ms',
    'how long the archive may take to add what only it has to a snapshot',
  ),
  requestTimeoutMs: limit(10_000, 100, 600_000, 'ms', 'how long the archive may take to answer'),
  snapshotPageBytes: limit(256 * 1024, 1_024, 16 * MIB, 'bytes', 'size of one page of a snapshot'),
  snapshotBytes: limit(256 * MIB, 1_024, 65_536 * MIB, 'bytes', 'snapshots under way, of all sessions'),
  listStallMs: limit(2_000, 10, 60_000, 'ms', 'how long a listing waits for the next component'),
  listBytes: limit(16 * MIB, 1_024, 1024 * MIB, 'bytes', 'one listing'),
  listsUnderWay: limit(4, 1, 1_000, 'listings', 'listings of one session under way'),
  listingsBytes: limit(256 * MIB, 1_024, 65_536 * MIB, 'bytes', 'listings under way, of all sessions'),
  filterBudgetMs: limit(100, 1, 60_000, 'ms', 'how long a filter that RE2 cannot express may look at names'),
  filtersWaiting: limit(64, 1, 100_000, 'filters', 'pieces of work for such filters that may wait'),
  scrapeSensors: limit(10_000, 1, 1_000_000, 'sensors', 'sensors in one answer of /metrics/sensors'),
  scrapeWatches: limit(
    16,
    1,
    1_000,
    'matches',
    'different matches of /metrics/sensors that are kept up to date',
  ),
  scrapeIdleMs: limit(
    300_000,
    1_000,
    86_400_000,
    'ms',
    'how long a match is kept up to date that nobody scrapes',
  ),
  knownSensors: limit(500_000, 1, 100_000_000, 'sensors', 'sensors whose last sample is remembered'),
};

function limit(byDefault: number, least: number, most: number, unit: string, what: string): Limit {
  return { default: byDefault, least, most, unit, what };
}

export const PORTAL_LIMITS: PortalLimits = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { default: value }]) => [name, value]),
) as Record<LimitName, number>;
