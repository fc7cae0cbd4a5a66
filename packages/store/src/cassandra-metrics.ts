import { Counter, Gauge, type Registry } from 'prom-client';
import { SESSION_STATES, type SessionStatus } from './backend/cassandra/session/session-news.ts';

/** Metrics of a store whose archive is in Cassandra; STORAGE.md has the list. */
export class CassandraMetrics {
  readonly boots: Counter;
  readonly chunksSealed: Counter;
  readonly journalLagSeconds: Gauge;
  readonly troubles: Counter<'what'>;
  /** Of the session that is open now. */
  status: (() => SessionStatus) | undefined;

  constructor(registry: Registry) {
    const registers = [registry];
    const name = (what: string) => `katbus_store_cassandra_${what}`;
    this.boots = new Counter({
      name: name('boots_total'),
      help: 'Times that a node was found to have been booted anew',
      registers,
    });
    this.chunksSealed = new Counter({
      name: name('chunks_sealed_total'),
      help: 'Chunks that the journal was made into',
      registers,
    });
    this.journalLagSeconds = new Gauge({
      name: name('journal_lag_seconds'),
      help: 'How long ago the oldest part of the journal that is not sealed should have been',
      registers,
    });
    this.troubles = new Counter({
      name: name('troubles_total'),
      help: 'What was done beside the writing of batches, and failed',
      labelNames: ['what'],
      registers,
    });
    const now = () => this.status?.();
    const gauge = (what: string, help: string, read: (status: SessionStatus) => number | undefined) =>
      new Gauge({
        name: name(what),
        help,
        registers,
        collect() {
          const status = now();
          // What cannot be told now is absent, not zero.
          this.set((status && read(status)) ?? NaN);
        },
      });
    gauge('nodes', 'Nodes of the data center that are known', ({ nodes }) => nodes);
    gauge('nodes_down', 'Of those, how many cannot be reached', ({ nodesDown }) => nodesDown);
    gauge('requests', 'Requests since the session was opened', ({ requests }) => requests);
    gauge('requests_most', 'Requests that may be under way now', ({ inFlightLimit }) => inFlightLimit);
    gauge('requests_under_way', 'Requests that are', ({ inFlight }) => inFlight);
    gauge('requests_waiting', 'Requests that wait for their turn', ({ waiting }) => waiting);
    gauge('answer_seconds', 'How long the last answers took on the average', ({ averageMs }) =>
      averageMs === undefined ? undefined : averageMs / 1000,
    );
    new Gauge({
      name: name('state'),
      help: '1 for the state that holds',
      labelNames: ['state'],
      registers,
      collect() {
        const state = now()?.state;
        for (const each of SESSION_STATES) this.set({ state: each }, each === state ? 1 : 0);
      },
    });
    new Gauge({
      name: name('failures'),
      help: 'Of those, how many failed, by code',
      labelNames: ['code'],
      registers,
      collect() {
        this.reset();
        for (const [code, count] of now()?.failures ?? []) this.set({ code }, count);
      },
    });
  }
}
