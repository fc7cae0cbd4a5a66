import { checkComponent, type SamplingSettings } from '@katbus/protocol';
import { DEFAULT_NATS_URL } from './defaults.ts';
import { UsageError } from './errors.ts';
import { CONNECTION_DEFAULTS, type ConnectionOptions } from './nats/index.ts';

/** How a component joins the bus. Everything but its name has a default: {@link BROKER_DEFAULTS}. */
export interface BrokerOptions extends Partial<Omit<ConnectionOptions, 'name'>> {
  /** The component's name: `[A-Za-z0-9_]+`, not a reserved one. */
  readonly component: string;
  /** Shown by `nats micro ls`. */
  readonly description?: string;
  /** The component's own version, semantic; shown by `nats micro ls`. */
  readonly version?: string;
  /** Seconds between two heartbeats. */
  readonly heartbeatSeconds?: number;
  /** Sampling of sensors whose definition is silent about it. */
  readonly sampling?: SamplingSettings;
  /** How long `close()` waits for acknowledgements, milliseconds. */
  readonly closeTimeoutMs?: number;
  /** Whether to take the component's name from a process that has it: that one is told, and publishes nothing more. */
  readonly takeover?: boolean;
  /** How long a process that has the name may take to say so, milliseconds. One that was killed does not hold up its successor: it is known at once. */
  readonly claimTimeoutMs?: number;
  /** Microseconds since 1970, UTC: for tests of what happens when the clock is set. */
  readonly wallClockUs?: () => number;
  /** Only the alarm service may take the component name `kataware`. */
  readonly mayBeAlarms?: boolean;
}

export const BROKER_DEFAULTS = {
  ...CONNECTION_DEFAULTS,
  servers: DEFAULT_NATS_URL,
  description: '',
  version: '0.0.0',
  heartbeatSeconds: 5,
  closeTimeoutMs: 5_000,
  takeover: false,
  claimTimeoutMs: 3_000,
  mayBeAlarms: false,
} as const;

/** Semantic versioning 2.0.0, which NATS micro services ask for. */
const SEMANTIC_VERSION = /^\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?$/;

/**
 * @throws {MalformedNameError} naming `component`
 * @throws {UsageError} naming the option
 */
export function checkBrokerOptions(options: BrokerOptions) {
  const filled = { ...BROKER_DEFAULTS, ...options };
  checkComponent(filled.component, { mayBeAlarms: filled.mayBeAlarms });
  if (!SEMANTIC_VERSION.test(filled.version)) {
    throw new UsageError(
      'version',
      filled.component,
      `"${filled.version}" must be a semantic version, such as 1.0.0`,
    );
  }
  if (!(filled.heartbeatSeconds >= 0.1 && filled.heartbeatSeconds <= 3600)) {
    throw new UsageError('heartbeatSeconds', filled.component, 'must be 0.1 to 3600');
  }
  if (!(filled.claimTimeoutMs >= 1 && filled.claimTimeoutMs <= 60_000)) {
    throw new UsageError('claimTimeoutMs', filled.component, 'must be 1 to 60000');
  }
  return filled;
}

export type BrokerSettings = ReturnType<typeof checkBrokerOptions>;
