import type { Logger } from '@katbus/bus/daemon';
import { dateOf } from './backend/sqlite/day.ts';
import type { KeepingEvent } from './backend/sqlite/closing/day-keeping.ts';
import type { StoreMetrics } from './store-metrics.ts';

const MIB = 1024 ** 2;

/** Says in log and metrics what became of days that are over. */
export class KeepingNews {
  readonly #logger: Logger;
  readonly #metrics: StoreMetrics;

  constructor(logger: Logger, metrics: StoreMetrics) {
    this.#logger = logger;
    this.#metrics = metrics;
  }

  tell(event: KeepingEvent): void {
    switch (event.type) {
      case 'closed': {
        const { day, samples, sensors, bytesBefore, bytesAfter } = event.report;
        this.#metrics.daysClosed.inc();
        this.#logger.info(
          `closed ${dateOf(day)} in ${(event.tookMs / 1000).toFixed(1)} s: ${samples} samples of ${sensors} sensors, ${mib(bytesBefore)} became ${mib(bytesAfter)}`,
        );
        break;
      }
      case 'removed':
        this.#metrics.daysRemoved.inc(event.days.length);
        this.#logger.info(`removed ${event.days.map(dateOf).join(', ')}: kept no longer`);
        break;
      case 'failed': {
        this.#metrics.dayFailures.inc();
        const what = event.day === undefined ? 'days that are over' : `${dateOf(event.day)}, which is over,`;
        this.#logger.warn(`cannot keep ${what} as it should be: ${event.error.message}`);
        break;
      }
    }
  }
}

function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
