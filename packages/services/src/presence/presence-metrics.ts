import { registerFigure, type DaemonContext } from '@katbus/bus/daemon';
import { PRESENCE_STATES, type PresenceState } from '@katbus/protocol';
import type { PresenceTable } from './presence-table.ts';

/** What the presence service counts, and how many components there are. */
export class PresenceMetrics {
  heartbeats = 0;
  malformed = 0;
  duplicates = 0;
  private table: PresenceTable | undefined;
  private isElected: () => boolean = () => false;

  constructor(registry: DaemonContext['registry']) {
    const counter = (name: string, help: string, value: () => number) =>
      registerFigure(registry, { kind: 'counter', name: `katbus_services_${name}`, help, value });
    counter('heartbeats_total', 'Heartbeats heard', () => this.heartbeats);
    counter(
      'presence_malformed_total',
      'Heartbeats and presence messages that cannot be read',
      () => this.malformed,
    );
    counter(
      'presence_refused_total',
      'Signs of life of components beyond the most that are known',
      () => this.table?.refused ?? 0,
    );
    counter(
      'duplicates_total',
      'How often two processes were found under one component name',
      () => this.duplicates,
    );
    registerFigure(registry, {
      kind: 'gauge',
      name: 'katbus_services_components',
      help: 'Components by their presence',
      by: { label: 'state', values: PRESENCE_STATES },
      value: () => this.table?.size ?? 0,
      valueBy: (state) => this.table?.count(state as PresenceState) ?? 0,
    });
    registerFigure(registry, {
      kind: 'gauge',
      name: 'katbus_services_presence_elected',
      help: '1 where this process tells who is there, 0 where it stands by',
      value: () => (this.isElected() ? 1 : 0),
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
