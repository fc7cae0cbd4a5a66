import { PRESENCE_STATES } from '@katbus/protocol';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { PresenceTable } from './presence-table.ts';

const COUNTERS = {
  heartbeats: ['katbus_services_heartbeats_total', 'Heartbeats heard'],
  malformed: [
    'katbus_services_presence_malformed_total',
    'Heartbeats and presence messages that cannot be read',
  ],
  duplicates: [
    'katbus_services_duplicates_total',
    'How often two processes were found under one component name',
  ],
} as const;

/** What the presence service counts, and how many components there are. */
export class PresenceMetrics {
  heartbeats = 0;
  malformed = 0;
  duplicates = 0;
  private table: PresenceTable | undefined;
  private isElected: () => boolean = () => false;

  constructor(registry: Registry) {
    const registers = [registry];
    for (const name of Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]) {
      const value = () => this[name];
      new Counter({
        name: COUNTERS[name][0],
        help: COUNTERS[name][1],
        registers,
        collect() {
          this.reset();
          this.inc(value());
        },
      });
    }
    const count = (state: (typeof PRESENCE_STATES)[number]) => this.table?.count(state) ?? 0;
    new Gauge({
      name: 'katbus_services_components',
      help: 'Components by their presence',
      labelNames: ['state'],
      registers,
      collect() {
        for (const state of PRESENCE_STATES) this.set({ state }, count(state));
      },
    });
    const elected = () => (this.isElected() ? 1 : 0);
    new Gauge({
      name: 'katbus_services_presence_elected',
      help: '1 where this process tells who is there, 0 where it stands by',
      registers,
      collect() {
        this.set(elected());
      },
    });
  }

  /** @returns the undo */
  watch(table: PresenceTable, isElected: () => boolean): () => void {
    this.table = table;
    this.isElected = isElected;
    return () => {
      this.table = undefined;
      this.isElected = () => false;
    };
  }
}
