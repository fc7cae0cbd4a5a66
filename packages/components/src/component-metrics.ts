import type { Broker } from '@katbus/bus';
import { Counter, Gauge, type Registry } from 'prom-client';

const LANES = ['archive', 'normal'] as const;
type Lane = (typeof LANES)[number];
const OUTCOMES = ['published', 'acknowledged', 'resent', 'plain', 'dropped', 'refused'] as const;
type Outcome = (typeof OUTCOMES)[number];

/** What became of a component's readings and samples; of several components, or several lives of one, it may be added up. */
export interface ComponentCounters {
  readonly sensors: number;
  /** Readings by what the throttle did with them. */
  readonly updates: Readonly<Record<string, number>>;
  readonly samples: Readonly<Record<Lane, Readonly<Record<Outcome, number>>>>;
  readonly pending: Readonly<Record<Lane, number>>;
}

/** The counters of a broker now. */
export function countersOf(broker: Pick<Broker, 'counters' | 'publishing' | 'sensors'>): ComponentCounters {
  const verdicts = Object.entries(broker.counters).filter(([name]) => name !== 'updates');
  const { archive, normal } = broker.publishing;
  return {
    sensors: [...broker.sensors].length,
    updates: Object.fromEntries(verdicts),
    samples: { archive, normal },
    pending: { archive: archive.pending, normal: normal.pending },
  };
}

/** Several components as one. */
export function addCounters(list: readonly ComponentCounters[]): ComponentCounters {
  const sum = (of: (counters: ComponentCounters) => number) => list.reduce((all, each) => all + of(each), 0);
  const verdicts = new Set(list.flatMap(({ updates }) => Object.keys(updates)));
  const lane = (name: Lane) =>
    Object.fromEntries(OUTCOMES.map((outcome) => [outcome, sum(({ samples }) => samples[name][outcome])]));
  return {
    sensors: sum(({ sensors }) => sensors),
    updates: Object.fromEntries(
      [...verdicts].map((verdict) => [verdict, sum(({ updates }) => updates[verdict] ?? 0)]),
    ),
    samples: { archive: lane('archive'), normal: lane('normal') } as ComponentCounters['samples'],
    pending: { archive: sum(({ pending }) => pending.archive), normal: sum(({ pending }) => pending.normal) },
  };
}

/** Serves them on `/metrics`; the brokers count, here it is only read. @param daemon `host`: `katbus_host_sensors` */
export function registerComponentMetrics(
  registry: Registry,
  daemon: string,
  read: () => ComponentCounters,
): void {
  const registers = [registry];
  new Gauge({
    name: `katbus_${daemon}_sensors`,
    help: 'Sensors on the bus',
    registers,
    collect() {
      this.set(read().sensors);
    },
  });
  new Counter({
    name: `katbus_${daemon}_updates_total`,
    help: 'Readings by what the throttle did with them',
    labelNames: ['verdict'],
    registers,
    collect() {
      this.reset();
      for (const [verdict, count] of Object.entries(read().updates)) this.inc({ verdict }, count);
    },
  });
  new Counter({
    name: `katbus_${daemon}_samples_total`,
    help: 'Samples and attributes by what became of them on the way to the streams',
    labelNames: ['rate', 'outcome'],
    registers,
    collect() {
      this.reset();
      const { samples } = read();
      for (const rate of LANES) {
        for (const outcome of OUTCOMES) this.inc({ rate, outcome }, samples[rate][outcome]);
      }
    },
  });
  new Gauge({
    name: `katbus_${daemon}_unacknowledged_messages`,
    help: 'Samples and attributes that wait for their acknowledgement',
    labelNames: ['rate'],
    registers,
    collect() {
      const { pending } = read();
      for (const rate of LANES) this.set({ rate }, pending[rate]);
    },
  });
}
