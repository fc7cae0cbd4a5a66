import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

const PREFIX = 'katbus_portal_';

/** What the portal counts for each message and each delivery: plain numbers, read when somebody asks. */
const HOT = {
  messages_received_total: 'Messages from NATS, copies included',
  copies_dropped_total: 'Copies of a sample that came through overlapping NATS subscriptions',
  resends_dropped_total: 'Samples that were published again and had been handed on before',
  deliveries_total: 'Live messages handed to a session, held ones included',
  skipped_total: 'Live messages that a newer one replaced, because a session was slow',
  strategy_timers_total: 'Samples that a sampling strategy gave later than they came, or once more',
  sampled_overflow_total:
    'Samples that came as under "auto", because there were too many states of strategies',
  held_total: 'Live messages that had to wait for a slow session',
} as const;
export type HotCounter = keyof typeof HOT;

/** All metrics of a portal. The names in PROTOCOL.md's table of limits are checked against these by a test. */
export class PortalMetrics {
  readonly hot: Record<HotCounter, number>;
  readonly malformed: Counter<'kind'>;
  readonly closes: Counter<'code'>;
  readonly refusedHandshakes: Counter<'reason'>;
  readonly requests: Counter<'method' | 'outcome'>;
  readonly gaps: Counter<'reason'>;
  readonly snapshots: Counter<'outcome'>;
  readonly joinSeconds: Histogram;
  readonly httpRequests: Counter<'route' | 'status'>;
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.hot = Object.fromEntries(Object.keys(HOT).map((name) => [name, 0])) as Record<HotCounter, number>;
    for (const [name, help] of Object.entries(HOT) as [HotCounter, string][]) {
      const value = () => this.hot[name];
      new Counter({
        name: PREFIX + name,
        help,
        registers: [registry],
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    }
    this.malformed = this.#counter('malformed_total', 'Messages from NATS that were not handed on', ['kind']);
    this.closes = this.#counter('closes_total', 'Websockets closed, by code', ['code']);
    this.refusedHandshakes = this.#counter('refused_handshakes_total', 'Upgrades refused over HTTP', [
      'reason',
    ]);
    this.requests = this.#counter('requests_total', 'JSON-RPC requests', ['method', 'outcome']);
    this.gaps = this.#counter('gaps_total', 'Gap notifications', ['reason']);
    this.snapshots = this.#counter('snapshots_total', 'Snapshots read', ['outcome']);
    this.httpRequests = this.#counter('http_requests_total', 'HTTP answers', ['route', 'status']);
    this.joinSeconds = new Histogram({
      name: `${PREFIX}join_seconds`,
      help: 'From a subscribe to its answer',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    });
  }

  /** A figure that is looked up when somebody asks. */
  gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name: PREFIX + name,
      help,
      registers: [this.#registry],
      collect() {
        this.set(value());
      },
    });
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name: PREFIX + name, help, labelNames, registers: [this.#registry] });
  }
}
