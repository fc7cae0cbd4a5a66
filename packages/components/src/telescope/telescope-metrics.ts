import { Counter, Gauge, type Registry } from 'prom-client';
import { registerComponentMetrics } from '../component-metrics.ts';
import type { TelescopeModel } from './telescope-model.ts';
import type { Telescope } from './telescope.ts';

/** What the telescope's components publish, as the host's metrics tell it, and what the simulator itself does. */
export function registerTelescopeMetrics(
  registry: Registry,
  telescope: Telescope,
  model: TelescopeModel,
): void {
  const registers = [registry];
  registerComponentMetrics(registry, 'telescope', () => telescope.counters);
  new Gauge({
    name: 'katbus_telescope_components',
    help: 'Components on the bus',
    registers,
    collect() {
      this.set(telescope.liveCount);
    },
  });
  new Counter({
    name: 'katbus_telescope_readings_skipped_total',
    help: 'Readings that were left out because the process could not keep up',
    registers,
    collect() {
      this.reset();
      this.inc(telescope.skipped);
    },
  });
  new Counter({
    name: 'katbus_telescope_faults_total',
    help: 'Faults that the simulator has made',
    labelNames: ['kind'],
    registers,
    collect() {
      this.reset();
      for (const [kind, count] of Object.entries(model.faults.counts)) this.inc({ kind }, count);
    },
  });
}
