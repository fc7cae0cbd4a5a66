import type { Logger } from '@katbus/bus/daemon';
import { BusService, type BusConnection, type ServiceEndpoint } from '@katbus/bus/nats';
import { STORE_SUBJECTS, type StoreStatus } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { StoreMetrics } from '../store-metrics.ts';
import { attributesEndpoint } from './attributes-endpoint.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { historyEndpoint } from './history-endpoint.ts';
import { latestEndpoint } from './latest-endpoint.ts';
import { RequestError, toRequestError } from './request-error.ts';
import { sensorsEndpoint } from './sensors-endpoint.ts';

/** Options of the history service. Defaults: {@link HISTORY_SERVICE_DEFAULTS}. */
export interface HistoryServiceOptions {
  /** Requests answered at a time; each holds one page in memory. Beyond it, BUSY is the answer. */
  readonly mostRequests?: number;
}

export const HISTORY_SERVICE_DEFAULTS = { mostRequests: 64 } as const;

export interface HistoryServiceParts extends EndpointContext {
  readonly connection: BusConnection;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly version: string;
  readonly status: () => Promise<StoreStatus>;
}

/** Answers `rpc.store.*`: a NATS micro service named `store`, an endpoint each. */
export class HistoryService {
  readonly #parts: HistoryServiceParts;
  readonly #mostRequests: number;
  #running = 0;

  private constructor(parts: HistoryServiceParts, options: HistoryServiceOptions) {
    this.#parts = parts;
    this.#mostRequests = options.mostRequests ?? HISTORY_SERVICE_DEFAULTS.mostRequests;
  }

  static start(parts: HistoryServiceParts, options: HistoryServiceOptions = {}): Promise<BusService> {
    const service = new HistoryService(parts, options);
    return BusService.start(parts.connection, {
      name: 'store',
      version: parts.version,
      description: 'History, latest samples, sensors and attributes from the archive',
      metadata: { katbus: 'service', backend: parts.backend.name },
      endpoints: service.#endpoints(),
      onError: (error, subject) => {
        parts.logger.error(`${subject}: ${error instanceof Error ? error.message : String(error)}`);
      },
    });
  }

  #endpoints(): ServiceEndpoint[] {
    const answers: Record<keyof typeof STORE_SUBJECTS, Answer> = {
      history: historyEndpoint(this.#parts),
      latest: latestEndpoint(this.#parts),
      sensors: sensorsEndpoint(this.#parts),
      attributes: attributesEndpoint(this.#parts),
      status: async (payload) => {
        parseRequest('emptyRequest', payload);
        return JSON.stringify(await this.#parts.status());
      },
    };
    return Object.entries(answers).map(([name, answer]) => ({
      name,
      subject: STORE_SUBJECTS[name as keyof typeof STORE_SUBJECTS],
      handler: ({ data }) => this.#handle(name, answer, data),
    }));
  }

  async #handle(endpoint: string, answer: Answer, payload: Uint8Array): Promise<string> {
    const { metrics } = this.#parts;
    const endTimer = metrics.requestSeconds.startTimer({ endpoint });
    this.#running++;
    try {
      if (this.#running > this.#mostRequests) {
        throw new RequestError('BUSY', `${this.#mostRequests} requests are being answered: ask again later`);
      }
      const text = await answer(payload);
      metrics.requests.inc({ endpoint, outcome: 'ok' });
      return text;
    } catch (error) {
      const failure = toRequestError(error);
      metrics.requests.inc({
        endpoint,
        outcome: failure instanceof RequestError ? failure.code : 'INTERNAL',
      });
      throw failure;
    } finally {
      this.#running--;
      endTimer();
    }
  }
}
