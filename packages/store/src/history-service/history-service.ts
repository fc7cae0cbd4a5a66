import type { Logger } from '@katbus/bus/daemon';
import { BusService, type BusConnection, type ServiceEndpoint } from '@katbus/bus/nats';
import { STORE_SUBJECTS, type StoreStatus } from '@katbus/protocol';
import { parseRequest } from '@katbus/protocol/schemas';
import type { StoreMetrics } from '../store-metrics.ts';
import { attributesEndpoint } from './attributes-endpoint.ts';
import { binsEndpoint } from './bins-endpoint.ts';
import { componentsEndpoint } from './components-endpoint.ts';
import type { Answer, EndpointContext } from './endpoint.ts';
import { gapsEndpoint } from './gaps-endpoint.ts';
import { historyEndpoint } from './history-endpoint.ts';
import { latestEndpoint } from './latest-endpoint.ts';
import {
  quarantineDropEndpoint,
  quarantineEndpoint,
  quarantineRetryEndpoint,
} from './quarantine-endpoint.ts';
import { dayReportEndpoint, reportEndpoint, sensorReportEndpoint } from './report-endpoints.ts';
import { RequestError, toRequestError } from './request-error.ts';
import { RequestGate } from './request-gate.ts';
import { sensorsEndpoint } from './sensors-endpoint.ts';

/** Options of the history service. Defaults: {@link HISTORY_SERVICE_DEFAULTS}. */
export interface HistoryServiceOptions {
  /** Requests for history or bins answered at a time; each holds one page in memory. */
  readonly mostRunning?: number;
  /** Requests of the other kinds answered at a time: small ones, which do not wait behind the large. */
  readonly mostLookups?: number;
  /** Requests of each of the two that wait for their turn; beyond it, BUSY is the answer. */
  readonly mostWaiting?: number;
}

export const HISTORY_SERVICE_DEFAULTS = { mostRunning: 12, mostLookups: 4, mostWaiting: 1_000 } as const;

/** What reads samples, page after page; whoever asks for much asks often, and comes last in the queue each time. */
const LARGE: readonly string[] = ['history', 'bins'];

/** The same failure is logged once in this time: whoever asks on and on must not fill the log. */
const SAME_FAILURE_MS = 60_000;

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
  readonly #large: RequestGate;
  readonly #small: RequestGate;
  #lastFailure = { line: '', atMs: -Infinity };

  private constructor(parts: HistoryServiceParts, options: HistoryServiceOptions) {
    this.#parts = parts;
    const { mostRunning, mostLookups, mostWaiting } = { ...HISTORY_SERVICE_DEFAULTS, ...options };
    this.#large = new RequestGate(mostRunning, mostWaiting);
    this.#small = new RequestGate(mostLookups, mostWaiting);
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
        service.#logFailure(`${subject}: ${error instanceof Error ? error.message : String(error)}`);
      },
    });
  }

  #endpoints(): ServiceEndpoint[] {
    const answers: Record<keyof typeof STORE_SUBJECTS, Answer> = {
      history: historyEndpoint(this.#parts),
      bins: binsEndpoint(this.#parts),
      latest: latestEndpoint(this.#parts),
      sensors: sensorsEndpoint(this.#parts),
      components: componentsEndpoint(this.#parts),
      attributes: attributesEndpoint(this.#parts),
      status: async (payload) => {
        parseRequest('emptyRequest', payload);
        return JSON.stringify(await this.#parts.status());
      },
      quarantine: quarantineEndpoint(this.#parts),
      quarantineRetry: quarantineRetryEndpoint(this.#parts),
      quarantineDrop: quarantineDropEndpoint(this.#parts),
      gaps: gapsEndpoint(this.#parts),
      report: reportEndpoint(this.#parts),
      reportSensors: sensorReportEndpoint(this.#parts),
      reportDays: dayReportEndpoint(this.#parts),
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
    try {
      const gate = LARGE.includes(endpoint) ? this.#large : this.#small;
      const text = await gate.run(() => answer(payload));
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
      endTimer();
    }
  }

  #logFailure(line: string): void {
    const nowMs = performance.now();
    const isSame = line === this.#lastFailure.line && nowMs - this.#lastFailure.atMs < SAME_FAILURE_MS;
    if (isSame) return;
    this.#lastFailure = { line, atMs: nowMs };
    this.#parts.logger.error(line);
  }
}
