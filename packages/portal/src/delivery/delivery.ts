import type { Logger } from '@katbus/bus/daemon';
import { RESEND_HEADER, wallClockUs } from '@katbus/protocol';
import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import { ClockEpochs } from './clock-epochs.ts';
import { DeliverySession } from './delivery-session.ts';
import { routeTo, type Route, type RoutedSensor } from './destinations.ts';
import { Joins } from './joins.ts';
import type { Publication } from './publication.ts';
import { MalformedMessageError, readMessage } from './read-message.ts';
import type { Receiver } from './receiver.ts';
import { Routes } from './routes.ts';
import { SeenSamples, type Seen } from './seen-samples.ts';
import { Settling } from './settling.ts';
import type { Snapshot } from './snapshot.ts';
import type { SnapshotSource } from './snapshot-reads.ts';
import { Strategies, type StrategiesGive } from './strategies/strategies.ts';
import type { Subscription } from './subscription.ts';
import { Upstream, type UpstreamConnection } from './upstream.ts';

/** What is asked of a message from NATS. */
export interface UpstreamMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  readonly hasHeaders: boolean;
  header(name: string): string | undefined;
}

export interface DeliveryConnection extends UpstreamConnection<UpstreamMessage> {
  /** Resolves when the server knows all subscriptions that were made before. */
  flush(): Promise<void>;
}

export interface DeliveryOptions {
  readonly connection: DeliveryConnection;
  readonly source: SnapshotSource;
  readonly limits: PortalLimits;
  readonly metrics: PortalMetrics;
  readonly logger: Logger;
  /** How long a new subscription takes to be known on all servers: 0 on a single one. */
  readonly interestDelayMs: () => number;
}

/**
 * The core of the portal: takes each message of the bus once, and gives it to each session that wants it, once. It knows no websocket.
 */
export class Delivery {
  readonly limits: PortalLimits;
  readonly metrics: PortalMetrics;
  readonly joins: Joins;
  readonly settling: Settling;
  readonly strategies: Strategies;
  readonly #options: DeliveryOptions;
  readonly #upstream: Upstream<UpstreamMessage>;
  readonly #routes: Routes<Subscription, Route>;
  readonly #seen: SeenSamples;
  readonly #epochs = new ClockEpochs((component) => this.#seen.forgetTimes(component));
  /** How many publications have come live. */
  arrivals = 0;
  readonly #sessions = new Set<DeliverySession>();

  constructor(options: DeliveryOptions) {
    const { limits, metrics, source } = options;
    this.#options = options;
    this.limits = limits;
    this.metrics = metrics;
    this.#seen = new SeenSamples(limits.knownSensors);
    this.settling = new Settling(this.#seen, limits.settleMs);
    this.strategies = new Strategies({
      limits,
      metrics,
      give: (...given) => this.#giveLate(...given),
      isWanted: (group, subject) =>
        this.#routes.resolve(subject).sampled.some((sampled) => sampled.group === group),
    });
    this.#routes = new Routes((subject, wanting) =>
      routeTo(subject, wanting, (subscription, strategy, key) =>
        this.strategies.groupOf(subscription, strategy, key),
      ),
    );
    this.joins = new Joins({
      source,
      limits,
      metrics,
      established: () => this.#established(),
      begin: (subscription, snapshot) => this.strategies.begin(subscription, snapshot),
    });
    this.#upstream = new Upstream(options.connection, (message) => this.#take(message));
    metrics.gauge('upstream_subscriptions', 'Subscriptions on NATS', () => this.#upstream.size);
    metrics.gauge('known_sensors', 'Sensors whose last sample is remembered', () => this.#seen.size);
    metrics.gauge('cached_routes', 'Subjects whose sessions are known', () => this.#routes.cachedSubjects);
    metrics.gauge('subscriptions', 'Subscriptions of all sessions', () => {
      return [...this.#sessions].reduce((sum, { subscriptions }) => sum + subscriptions.size, 0);
    });
  }

  open(receiver: Receiver): DeliverySession {
    const session = new DeliverySession(this, receiver);
    this.#sessions.add(session);
    return session;
  }

  close(session: DeliverySession): void {
    session.close();
    this.#sessions.delete(session);
  }

  /** Ends all timers; the connection is its owner's to close. */
  stop(): void {
    this.settling.close();
    this.joins.close();
    this.strategies.stop();
  }

  add(subscription: Subscription): void {
    for (const pattern of subscription.livePatterns) this.#routes.add(pattern, subscription);
    subscription.release = this.#upstream.want(subscription.livePatterns);
  }

  remove(subscription: Subscription): void {
    subscription.release();
    for (const pattern of subscription.livePatterns) this.#routes.remove(pattern, subscription);
    this.strategies.leave(subscription);
    this.joins.forget(subscription);
  }

  /** A heartbeat of a component, which tells its clock epoch. @returns why it is none; undefined when it is one */
  hear(data: Uint8Array): string | undefined {
    return this.#epochs.hear(data);
  }

  /** Whether what is published on a subject goes to a session now. */
  isWanted(subject: string, session: DeliverySession): boolean {
    const { destinations } = this.#routes.resolve(subject);
    const destination = destinations.find((each) => each.session === session);
    if (destination === undefined) return false;
    const { plain, sampled } = destination;
    return [plain, ...sampled.map(({ subscriptions }) => subscriptions)].some((subscriptions) =>
      subscriptions.some(({ state }) => state === 'live'),
    );
  }

  /** A subscription has been sent its beginning. @param gapFromSeconds when not everything that was published meanwhile could wait */
  begun(subscription: Subscription, snapshot: Snapshot, gapFromSeconds: number | undefined): void {
    if (gapFromSeconds !== undefined) subscription.session.gap(gapFromSeconds, 'slowSnapshot');
    if (gapFromSeconds !== undefined || snapshot.incomplete !== undefined)
      this.joins.retryLater(subscription);
  }

  /** The connection to NATS is back. @param fromSeconds since when messages may be missing */
  recovered(fromSeconds: number): void {
    for (const session of this.#sessions) {
      if (session.subscriptions.size === 0) continue;
      session.gap(fromSeconds, 'natsLost');
      session.refresh();
    }
  }

  async #established(): Promise<void> {
    await this.#options.connection.flush();
    const waitMs = this.#upstream.newestMs + this.#options.interestDelayMs() - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  #take(message: UpstreamMessage): void {
    const { hot } = this.metrics;
    hot.messages_received_total += 1;
    const { sensor, destinations, sampled } = this.#routes.resolve(message.subject);
    if (destinations.length === 0) return;
    const mark = message.hasHeaders ? message.header(RESEND_HEADER) : undefined;
    for (const publication of this.#read(message, sensor)) {
      this.arrivals += 1;
      publication.arrival = this.arrivals;
      let isFirst = false;
      if (publication.kind === 'sample') {
        publication.isResent = mark !== undefined;
        const seen = this.#see(publication, mark);
        if (seen === 'copy') hot.copies_dropped_total += 1;
        if (seen === 'resent') hot.resends_dropped_total += 1;
        if (seen === 'copy' || seen === 'resent') continue;
        isFirst = seen === 'first' && !this.settling.hasShown(publication.key);
      }
      for (const route of sampled) route.sensor = this.strategies.offer(route.group, publication);
      for (const destination of destinations) destination.session.take(publication, destination, isFirst);
      // Strategies keep it for as long as it is the newest.
      if (sampled.length > 0) publication.dropBytes();
    }
  }

  /** @param mark of a sample that was published again */
  #see(publication: Publication, mark: string | undefined): Seen {
    if (mark === undefined) return this.#seen.take(publication, false);
    const component = publication.key.slice(0, publication.key.indexOf('.'));
    // Its time may be later than all that has come since.
    if (this.#epochs.isOlder(component, mark)) return 'resent';
    return this.#seen.take(publication, true);
  }

  #giveLate(...[group, publication, isSilent, dueOf]: Parameters<StrategiesGive>): void {
    for (const { session, sampled, isMixed } of this.#routes.resolve(publication.subject).destinations) {
      for (const { route, subscriptions } of sampled) {
        if (route.group === group) session.giveLate(publication, isMixed, subscriptions, isSilent, dueOf);
      }
    }
    this.metrics.hot.strategy_timers_total += 1;
    publication.dropBytes();
  }

  #read({ subject, data }: UpstreamMessage, sensor: RoutedSensor | undefined): Publication[] {
    try {
      return readMessage(subject, data, wallClockUs(), sensor);
    } catch (error) {
      if (!(error instanceof MalformedMessageError)) throw error;
      this.metrics.malformed.inc({ kind: error.kind });
      this.#options.logger.debug({ subject }, `malformed message: ${error.message}`);
      return [];
    }
  }
}
