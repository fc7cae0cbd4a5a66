import { sensorGlob } from '@katbus/protocol';
import type { Delivery } from '../delivery/delivery.ts';
import type { PortalLimits } from '../limits.ts';
import type { PortalMetrics } from '../metrics.ts';
import { RequestError, requestError } from '../rpc/errors.ts';
import { SensorWatch } from './sensor-watch.ts';

interface Kept {
  readonly watch: SensorWatch;
  readonly idle: NodeJS.Timeout;
}

/**
 * The watches of what has been scraped lately, so that a scrape every few seconds reads no stream: the first one does, later ones find
 * what the live subscription has brought.
 */
export class SensorWatches {
  readonly #delivery: Delivery;
  readonly #limits: PortalLimits;
  /** In order of the last scrape. */
  readonly #kept = new Map<string, Kept>();

  constructor(delivery: Delivery, limits: PortalLimits, metrics: PortalMetrics) {
    this.#delivery = delivery;
    this.#limits = limits;
    metrics.gauge(
      'scrape_watches',
      'Sets of sensors that are kept up to date for scrapes',
      () => this.#kept.size,
    );
  }

  /**
   * @param match sensor globs over `<component>.<sensor>`
   * @returns whose current values have been read
   * @throws {RequestError} naming `match`: a glob that is none, or more sensors than may be
   */
  async watch(match: readonly string[]): Promise<SensorWatch> {
    const sources = [...new Set(match)].sort();
    const name = sources.join('\n');
    const watch = this.#kept.get(name)?.watch ?? this.#open(sources);
    this.#keep(name, watch);
    try {
      await watch.ready();
    } catch (error) {
      this.#end(name, watch);
      throw requestError(error);
    }
    if (!watch.hasTooMany) return watch;
    const { scrapeSensors } = this.#limits;
    const rule = `more than ${scrapeSensors} sensors match: narrow it, or raise --scrape-sensors`;
    throw new RequestError('answerTooLarge', rule, 'match');
  }

  close(): void {
    for (const [name, { watch }] of this.#kept) this.#end(name, watch);
  }

  #open(sources: readonly string[]): SensorWatch {
    try {
      const globs = sources.map((source) => sensorGlob(source));
      return new SensorWatch(this.#delivery, globs, this.#limits.scrapeSensors);
    } catch (error) {
      throw requestError(error, 'match');
    }
  }

  #keep(name: string, watch: SensorWatch): void {
    clearTimeout(this.#kept.get(name)?.idle);
    this.#kept.delete(name);
    const idle = setTimeout(() => this.#end(name, watch), this.#limits.scrapeIdleMs);
    this.#kept.set(name, { watch, idle: idle.unref() });
    const [oldest] = this.#kept;
    if (this.#kept.size > this.#limits.scrapeWatches && oldest !== undefined)
      this.#end(oldest[0], oldest[1].watch);
  }

  #end(name: string, watch: SensorWatch): void {
    watch.close();
    const kept = this.#kept.get(name);
    if (kept?.watch !== watch) return;
    clearTimeout(kept.idle);
    this.#kept.delete(name);
  }
}
