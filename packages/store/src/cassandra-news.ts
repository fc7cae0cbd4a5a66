import type { Logger } from '@katbus/bus/daemon';
import type { CassandraEvent } from './backend/cassandra/cassandra-event.ts';
import type { StoreMetrics } from './store-metrics.ts';

/** Says in log and metrics what happens to an archive in Cassandra by itself. */
export class CassandraNews {
  readonly #logger: Logger;
  readonly #metrics: StoreMetrics;
  /** What is in trouble now: said once, and once more when it is over. */
  readonly #troubles = new Map<string, string>();

  constructor(logger: Logger, metrics: StoreMetrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  tell(event: CassandraEvent): void {
    switch (event.type) {
      case 'kept': {
        this.#over('sealing');
        const { sealedSlices, samples, chunks, lagSeconds } = event.report;
        this.#metrics.journalLagSeconds.set(lagSeconds);
        this.#metrics.chunksSealed.inc(chunks);
        if (chunks === 0) break;
        this.#logger.info(
          `sealed ${sealedSlices} slices in ${(event.tookMs / 1000).toFixed(1)} s: ${samples} samples became ${chunks} chunks`,
        );
        break;
      }
      case 'trouble':
        this.#metrics.backgroundFailures.inc({ what: event.what });
        if (this.#troubles.get(event.what) === event.error.message) break;
        this.#troubles.set(event.what, event.error.message);
        this.#logger.warn(`${event.what}: ${event.error.message}; tried again`);
        break;
    }
  }

  #over(what: string): void {
    if (this.#troubles.delete(what)) this.#logger.info(`${what}: all is well again`);
  }
}
