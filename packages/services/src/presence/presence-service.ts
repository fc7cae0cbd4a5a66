import { hostname } from 'node:os';
import { Lease, type BusConnection, type BusMessage } from '@katbus/bus/nats';
import type { Logger } from '@katbus/bus/daemon';
import { SchemaError, SUBJECTS, wallClockUs, type ComponentPresence, type Heartbeat } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { RunningService, Service, ServiceContext } from '../service.ts';
import { PresenceLeader } from './presence-leader.ts';
import type { PresenceMetrics } from './presence-metrics.ts';
import type { PresenceTime } from './presence-record.ts';
import { PresenceTable } from './presence-table.ts';

export interface PresenceOptions {
  readonly metrics: PresenceMetrics;
  /** How long who is elected may be silent before another one takes over. */
  readonly leaseSeconds?: number;
  /** Between two pings of all micro services, for components that send no heartbeats. */
  readonly discoverSeconds?: number;
  /** How much longer than usual all may be silent after we could not hear them: they connect again at their own pace. */
  readonly graceSeconds?: number;
}

export const PRESENCE_DEFAULTS = { leaseSeconds: 4, discoverSeconds: 15, graceSeconds: 5 } as const;

const CHECK_EACH_MS = 250;
/** A check that comes so late means that this process, or the machine, stood still: heartbeats wait to be read. */
const STOOD_STILL_MS = 1_000;

/**
 * Watches heartbeats, and tells on `portal.component.<name>` who is there, who is gone and who is there twice.
 *
 * Of several only the elected one tells; all of them listen, so that another one can go on where that one stopped.
 */
export class PresenceService implements Service {
  readonly name = 'presence';
  private readonly options: Required<PresenceOptions>;

  constructor(options: PresenceOptions) {
    this.options = { ...PRESENCE_DEFAULTS, ...options };
  }

  start(context: ServiceContext): Promise<RunningService> {
    return Promise.resolve(new RunningPresence(context, this.options));
  }
}

class RunningPresence implements RunningService {
  private readonly connection: BusConnection;
  private readonly logger: Logger;
  private readonly options: Required<PresenceOptions>;
  private readonly table: PresenceTable;
  private readonly undo: (() => void)[];
  private readonly stopWanted = new AbortController();
  private readonly life: Promise<void>;
  private leader: PresenceLeader | undefined;
  private checkedMs = performance.now();

  constructor({ connection, logger }: ServiceContext, options: Required<PresenceOptions>) {
    this.connection = connection;
    this.logger = logger;
    this.options = options;
    this.table = new PresenceTable((presence) => this.changed(presence));
    const timer = setInterval(() => this.check(), CHECK_EACH_MS);
    this.undo = [
      () => clearInterval(timer),
      options.metrics.watch(this.table, () => this.leader !== undefined),
      connection.subscribe(SUBJECTS.everyHeartbeat, (message) => this.take(message)),
      connection.subscribe(SUBJECTS.componentPresence, (message) => this.learn(message)),
      connection.onStatus(({ type }) => {
        if (type === 'reconnected') this.grant('NATS was lost');
      }),
    ];
    this.life = this.live();
  }

  readiness(): string | undefined {
    return this.connection.connected ? undefined : 'the connection to NATS is down';
  }

  async stop(): Promise<void> {
    for (const undo of this.undo.splice(0)) undo();
    this.stopWanted.abort();
    await this.life;
  }

  /** Waits to be elected, serves until the election is lost, and waits again. */
  private async live(): Promise<void> {
    const { connection, logger, table, options } = this;
    const { signal } = this.stopWanted;
    const stopped = new Promise<undefined>((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined), { once: true });
    });
    let trouble = '';
    while (!signal.aborted) {
      let lease: Lease;
      try {
        lease = await Lease.acquire(connection, {
          name: 'presence',
          holder: `${hostname()} ${process.pid}`,
          ttlSeconds: options.leaseSeconds,
          signal,
          onStandingBy: (holder) => logger.info(`presence: standing by, ${holder} tells who is there`),
          onTrouble: (error) => {
            const text = error instanceof Error ? error.message : String(error);
            if (text !== trouble) logger.warn(`presence: waiting to be elected: ${text}`);
            trouble = text;
          },
        });
      } catch (error) {
        // Stopped, or the connection is closed for good.
        if (!signal.aborted) logger.warn(`presence: ${(error as Error).message}`);
        return;
      }
      trouble = '';
      logger.info('presence: elected, tells on portal.component.* who is there');
      const leader = new PresenceLeader({ connection, logger, lease, table, options, now });
      this.leader = leader;
      leader.start();
      const reason = await Promise.race([lease.lost, stopped]);
      this.leader = undefined;
      await leader.stop();
      if (reason !== undefined) logger.warn(`presence: another one tells who is there: ${reason}`);
      await lease.release();
    }
  }

  private take({ subject, data }: BusMessage): void {
    const { metrics } = this.options;
    metrics.heartbeats += 1;
    try {
      const heartbeat = parseRequest<Heartbeat>('heartbeat', data);
      if (subject !== `heartbeat.${heartbeat.component}`)
        throw new SchemaError('heartbeat', 'component', `does not fit the subject ${subject}`);
      this.table.beat(heartbeat, now());
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error;
      metrics.malformed += 1;
      this.logger.debug({ subject }, `malformed heartbeat: ${error.message}`);
    }
  }

  /** What the elected one has told: somebody may have had a component forgotten there. */
  private learn({ data }: BusMessage): void {
    if (this.leader !== undefined) return;
    try {
      const { component, state } = parseRequest<ComponentPresence>('componentPresence', data);
      if (state === 'forgotten') this.table.forget(component, now().seconds);
    } catch {
      this.options.metrics.malformed += 1;
    }
  }

  private changed(presence: ComponentPresence): void {
    const { component, state } = presence;
    if (this.leader === undefined) return;
    this.leader.changed(component);
    if (state === 'duplicate') this.options.metrics.duplicates += 1;
    this.logger[state === 'absent' || state === 'duplicate' ? 'warn' : 'info'](
      `presence: ${component} is ${state}`,
    );
  }

  private check(): void {
    // While we hear nobody, nobody is missing.
    if (!this.connection.connected) return;
    const time = now();
    const lateMs = time.steadyMs - this.checkedMs - CHECK_EACH_MS;
    this.checkedMs = time.steadyMs;
    if (lateMs > STOOD_STILL_MS) this.grant('this process stood still');
    else this.table.checkDeadlines(time);
  }

  private grant(reason: string): void {
    const { graceSeconds } = this.options;
    this.logger.debug(`presence: ${reason}: nobody is given up for ${graceSeconds} s`);
    this.checkedMs = performance.now();
    this.table.grant(performance.now() + 1000 * graceSeconds);
  }
}

function now(): PresenceTime {
  return { steadyMs: performance.now(), seconds: wallClockUs() / 1e6 };
}
