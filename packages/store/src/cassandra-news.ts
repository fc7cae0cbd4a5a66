import type { Logger } from '@katbus/bus/daemon';
import type { Registry } from 'prom-client';
import type { CassandraEvent } from './backend/cassandra/cassandra-event.ts';
import type { KeeperReport } from './backend/cassandra/layout.ts';
import { CassandraMetrics } from './cassandra-metrics.ts';

/** Says in log and metrics what happens to an archive in Cassandra by itself. */
export class CassandraNews {
  readonly #logger: Logger;
  readonly #registry: Registry;
  /** Made with the first archive: who has none is not told of it. */
  #metrics: CassandraMetrics | undefined;
  /** What is in trouble now: said once, and once more when it is over. */
  readonly #troubles = new Map<string, string>();

  constructor(logger: Logger, registry: Registry) {
    this.#logger = logger;
    this.#registry = registry;
  }

  tell(event: CassandraEvent): void {
    this.#metrics ??= new CassandraMetrics(this.#registry);
    switch (event.type) {
      case 'opened':
        this.#metrics.status = event.status;
        break;
      case 'closed':
        this.#metrics.status = undefined;
        break;
      case 'session': {
        const { news } = event;
        if (news.type === 'booted') this.#metrics.boots.inc();
        const isGood = news.type === 'state' && news.state === 'connected';
        this.#logger[isGood ? 'info' : 'warn'](news.message);
        break;
      }
      case 'lag':
        this.#metrics.journalLagSeconds.set(event.lagSeconds);
        break;
      case 'kept':
        this.#kept(event.report, event.tookMs, this.#metrics);
        break;
      case 'nameless':
        this.#logger.warn(
          `${event.error.message}; started again after a kill, this store waits until its lease has run out`,
        );
        break;
      case 'trouble':
        this.#metrics.troubles.inc({ what: event.what });
        if (this.#troubles.get(event.what) === event.error.message) break;
        this.#troubles.set(event.what, event.error.message);
        this.#logger.warn(`${event.what}: ${event.error.message}; it is tried again`);
        break;
    }
  }

  #kept({ sealedSlices, samples, chunks }: KeeperReport, tookMs: number, metrics: CassandraMetrics) {
    if (this.#troubles.delete('sealing')) this.#logger.info('sealing: all is well again');
    metrics.chunksSealed.inc(chunks);
    if (sealedSlices === 0) return;
    this.#logger.info(
      `sealed ${sealedSlices} slices in ${(tookMs / 1000).toFixed(1)} s: ${samples} samples became ${chunks} chunks`,
    );
  }
}
