import type { Broker } from '@katbus/bus';
import { Counter, Gauge, type Registry } from 'prom-client';

const LANES = ['archive', 'normal'] as const;
const OUTCOMES = ['published', 'acknowledged', 'resent', 'plain', 'dropped', 'refused'] as const;

/** What became of the component's samples, for `/metrics`; the broker counts, here it is only read. */
export function registerHostMetrics(
  registry: Registry,
  broker: Pick<Broker, 'counters' | 'publishing' | 'sensors'>,
): void {
  const registers = [registry];
  new Gauge({
    name: 'katbus_host_sensors',
    help: 'Sensors of the component',
    registers,
    collect() {
      this.set([...broker.sensors].length);
    },
  });
  new Counter({
    name: 'katbus_host_updates_total',
    help: 'Readings by what the throttle did with them',
    labelNames: ['verdict'],
    registers,
    collect() {
      this.reset();
      for (const [verdict, count] of Object.entries(broker.counters)) {
        if (verdict !== 'updates') this.inc({ verdict }, count);
      }
    },
  });
  new Counter({
    name: 'katbus_host_samples_total',
    help: 'Samples and attributes by what became of them on the way to the streams',
    labelNames: ['rate', 'outcome'],
    registers,
    collect() {
      this.reset();
      for (const rate of LANES) {
        for (const outcome of OUTCOMES) this.inc({ rate, outcome }, broker.publishing[rate][outcome]);
      }
    },
  });
  new Gauge({
    name: 'katbus_host_unacknowledged_messages',
    help: 'Samples and attributes that wait for their acknowledgement',
    labelNames: ['rate'],
    registers,
    collect() {
      for (const rate of LANES) this.set({ rate }, broker.publishing[rate].pending);
    },
  });
}
