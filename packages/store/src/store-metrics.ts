import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { ARCHIVER_STATES } from './archiver/archiver-status.ts';
import type { BackendStatistics } from './backend/backend.ts';

/** The archiver's states, and that of a store whose archiver does not run. */
export const STORE_STATES = [...ARCHIVER_STATES, 'standing-by'] as const;
export type StoreState = (typeof STORE_STATES)[number];

/** Where the figures come from that nobody counts as they happen. */
export interface MetricsSources {
  readonly state: () => StoreState;
  readonly floorSequence: () => number;
  readonly lagMessages: () => Promise<number>;
  readonly statistics: () => Promise<BackendStatistics>;
}

/** The store's metrics; STORAGE.md has the list. */
export class StoreMetrics {
  readonly samples: Counter;
  readonly batchRows: Histogram;
  readonly commitSeconds: Histogram;
  readonly redelivered: Counter;
  readonly setBacks: Counter;
  readonly quarantined: Counter<'reason'>;
  readonly quarantineDropped: Counter;
  readonly gaps: Counter;
  readonly gapMessages: Counter;
  readonly writeFailures: Counter<'code'>;
  readonly attributesAsked: Counter;
  readonly daysClosed: Counter;
  readonly daysRemoved: Counter;
  readonly dayFailures: Counter;
  readonly requests: Counter<'endpoint' | 'outcome'>;
  readonly requestSeconds: Histogram<'endpoint'>;
  readonly #registers: Registry[];

  constructor(registry: Registry) {
    this.#registers = [registry];
    const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
      new Counter({ name: `katbus_store_${name}`, help, labelNames, registers: [registry] });
    const histogram = <Label extends string>(
      name: string,
      help: string,
      buckets: number[],
      labelNames: Label[] = [],
    ) => new Histogram({ name: `katbus_store_${name}`, help, buckets, labelNames, registers: [registry] });
    this.samples = counter('samples_total', 'Samples written');
    this.batchRows = histogram(
      'batch_rows',
      'Rows of a batch: samples, attributes, quarantine',
      [1, 10, 100, 1_000, 3_000, 10_000, 30_000, 100_000, 200_000],
    );
    this.commitSeconds = histogram(
      'commit_seconds',
      'From a batch being handed to the back end to its being durable',
      [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    );
    this.redelivered = counter('redelivered_total', 'Messages that the stream had delivered before');
    this.setBacks = counter(
      'set_backs_total',
      'Times that a part of the stream was read again because the back end may have lost what it had acknowledged',
    );
    this.quarantined = counter('quarantined_total', 'Messages put into quarantine', ['reason']);
    this.quarantineDropped = counter(
      'quarantine_dropped_total',
      'Quarantined messages that went to make room for newer ones',
    );
    this.gaps = counter('gaps_total', 'Ranges of the stream that were gone before they could be stored');
    this.gapMessages = counter('gap_messages_total', 'Messages in those ranges');
    this.writeFailures = counter('write_failures_total', 'Attempts to write that failed', ['code']);
    this.attributesAsked = counter(
      'attributes_asked_total',
      'Times that components were asked for attributes which are not known',
    );
    this.daysClosed = counter('days_closed_total', 'Days of which rows were made into chunks');
    this.daysRemoved = counter('days_removed_total', 'Days that were kept no longer');
    this.dayFailures = counter('day_failures_total', 'Days that could not be closed or removed');
    this.requests = counter('requests_total', 'Requests to the history service', ['endpoint', 'outcome']);
    this.requestSeconds = histogram(
      'request_seconds',
      'Time to answer a request',
      [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
      ['endpoint'],
    );
  }

  /** Metrics that are looked up when somebody asks for them. */
  watch({ state, floorSequence, lagMessages, statistics }: MetricsSources): void {
    const registers = this.#registers;
    new Gauge({
      name: 'katbus_store_state',
      help: '1 for the state that holds',
      labelNames: ['state'],
      registers,
      collect() {
        const now = state();
        for (const name of STORE_STATES) this.set({ state: name }, name === now ? 1 : 0);
      },
    });
    new Gauge({
      name: 'katbus_store_active',
      help: '1 when this store is the active one, 0 when it stands by',
      registers,
      collect() {
        this.set(state() === 'standing-by' || state() === 'stopped' ? 0 : 1);
      },
    });
    const gauge = (name: string, help: string, read: () => Promise<number>) =>
      new Gauge({
        name: `katbus_store_${name}`,
        help,
        registers,
        async collect() {
          // What cannot be told now is absent, not zero.
          this.set(await read().catch(() => NaN));
        },
      });
    gauge('floor_sequence', 'The ARCHIVE sequence through which everything is stored', () =>
      Promise.resolve(floorSequence()),
    );
    gauge('lag_messages', 'Messages in ARCHIVE that are not stored yet', lagMessages);
    gauge('sensors', 'Sensors in the catalogue', async () => (await statistics()).sensors);
    gauge('bytes', 'What the back end takes', async () => (await statistics()).bytes);
    gauge('quarantine_messages', 'Messages in quarantine now', async () => (await statistics()).quarantined);
  }
}
