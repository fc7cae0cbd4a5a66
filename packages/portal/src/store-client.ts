import { callService, type BusConnection } from '@katbus/bus/nats';
import {
  checkComponent,
  parseAddress,
  STORE_SUBJECTS,
  type CataloguePage,
  type HistoryPage,
  type HistoryParams,
  type LatestPage,
  type LatestRequest,
  type SensorsParams,
  type StoreStatus,
} from '@katbus/protocol';
import { RequestError, requestError } from './rpc/errors.ts';

/** The history service, as the portal asks it. What it throws is a {@link RequestError}. */
export class StoreClient {
  readonly #connection: BusConnection;
  readonly #timeoutMs: number;

  /** @param timeoutMs how long it may take to answer, unless a call says otherwise */
  constructor(connection: BusConnection, timeoutMs: number) {
    this.#connection = connection;
    this.#timeoutMs = timeoutMs;
  }

  /** @throws {RequestError} */
  async history({ sensor, ...range }: HistoryParams): Promise<HistoryPage> {
    if (range.end <= range.start) throw new RequestError('invalidParams', 'end must be after start', 'end');
    const address = withField('sensor', () => parseAddress(sensor));
    return this.#ask<HistoryPage>(STORE_SUBJECTS.history, { ...address, ...range });
  }

  /** @throws {RequestError} */
  async sensors(params: SensorsParams, timeoutMs = this.#timeoutMs): Promise<CataloguePage> {
    if (params.component !== undefined) checkOwner(params.component);
    return this.#ask<CataloguePage>(STORE_SUBJECTS.sensors, params, timeoutMs);
  }

  /** @throws {RequestError} */
  latest(request: LatestRequest, timeoutMs: number): Promise<LatestPage> {
    return this.#ask<LatestPage>(STORE_SUBJECTS.latest, request, timeoutMs);
  }

  /** @throws {RequestError} */
  status(timeoutMs: number): Promise<StoreStatus> {
    return this.#ask<StoreStatus>(STORE_SUBJECTS.status, {}, timeoutMs);
  }

  async #ask<Result>(subject: string, request: object, timeoutMs = this.#timeoutMs): Promise<Result> {
    try {
      return (await callService(this.#connection, subject, request, { timeoutMs })) as Result;
    } catch (error) {
      throw requestError(error);
    }
  }
}

/** Refuses a component that would have nothing for a reason that the caller should know. @throws {RequestError} */
export function checkOwner(component: string): void {
  withField('component', () => checkComponent(component, { mayBeAlarms: true }));
}

function withField<Result>(field: string, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw requestError(error, field);
  }
}
